import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { KernelFile } from './kernel-file.js'

const MOUNT = '/sys/fs/cgroup'

/**
 * Folders that may hold what a controller says of a process, the nearest first: its own group, then
 * those around it, whose limits hold for it too. `membership` is the text of `/proc/self/cgroup`. In a
 * container the mount may show the container's own group as its root whatever the path says, so the
 * root comes last in any case.
 */
export function groupFolders(membership: string, controller: 'cpu' | 'memory', mount = MOUNT): string[] {
  const folders: string[] = []
  for (const line of membership.trim().split('\n')) {
    const [, controllers = '', path = '/'] = line.match(/^\d+:([^:]*):(.*)$/) ?? []
    const isUnified = controllers === ''
    if (!isUnified && !controllers.split(',').includes(controller)) continue
    for (const root of isUnified
      ? [mount, join(mount, 'unified')]
      : [join(mount, controllers), join(mount, controller)]) {
      for (let at = path; at !== '/' && at !== '.'; at = dirname(at)) folders.push(join(root, at))
      folders.push(root)
    }
  }
  return [...new Set(folders)]
}

/** How long the CPU quota of a process was used up, from the `cpu.stat` of its control groups. */
export class Throttling {
  readonly #files: readonly KernelFile[]
  #readMs: number

  constructor(folders: readonly string[]) {
    const files = folders.map((folder) => new KernelFile(join(folder, 'cpu.stat')))
    this.#files = files.filter((file) => throttledMs(file) !== null)
    for (const file of files) if (!this.#files.includes(file)) file.close()
    this.#readMs = this.#total()
  }

  /** Since the last read, in milliseconds; null where no group of the process can have a quota. */
  read(): number | null {
    if (this.#files.length === 0) return null
    const totalMs = this.#total()
    const sinceMs = totalMs - this.#readMs
    this.#readMs = totalMs
    return Math.max(0, sinceMs)
  }

  close(): void {
    for (const file of this.#files) file.close()
  }

  #total(): number {
    return this.#files.reduce((sum, file) => sum + (throttledMs(file) ?? 0), 0)
  }
}

/** Microseconds in version 2 of control groups, nanoseconds in version 1. */
function throttledMs(file: KernelFile): number | null {
  const text = file.read()
  const us = text.match(/^throttled_usec (\d+)$/m)
  if (us) return Number(us[1]) / 1e3
  const ns = text.match(/^throttled_time (\d+)$/m)
  return ns ? Number(ns[1]) / 1e6 : null
}

/** The least memory limit of the control groups of a process; Infinity = none. */
export function memoryLimitBytes(folders: readonly string[]): number {
  const limits = folders
    .flatMap((folder) => [join(folder, 'memory.max'), join(folder, 'memory.limit_in_bytes')])
    .map((file) => Number.parseInt(textOf(file), 10))
  return Math.min(...limits.filter((limit) => limit > 0), Number.POSITIVE_INFINITY)
}

/** The text of a file of the kernel; empty where there is none. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

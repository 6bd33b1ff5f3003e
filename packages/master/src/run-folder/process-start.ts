import { readFileSync } from 'node:fs'

/** Place of the start time among the fields of `/proc/PID/stat` that follow the name, which may hold anything. */
const START_FIELD = 19

/** When a process began, in a unit of the kernel's; null where the system does not say, or there is none. */
export function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? null
  } catch {
    return null
  }
}

/** Whether a process of this host is still the one that began then. */
export function stillRuns(pid: number, start: string | null): boolean {
  if (start !== null) return processStart(pid) === start
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

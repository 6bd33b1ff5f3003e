import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { groupFolders, memoryLimitBytes, Throttling } from './control-group.js'

/** A tree of files as the kernel mounts it. */
function mount(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'llmload-cgroup-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) write(join(root, path), text)
  return root
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

const V2 = '0::/kubepods/pod7/c1\n'
const V1 = '9:name=systemd:/\n4:memory:/docker/c1\n2:cpu,cpuacct:/docker/c1\n0::/\n'

describe('the memory limit', () => {
  test('is the least of the own group and those around it', () => {
    const root = mount({ 'kubepods/pod7/c1/memory.max': 'max\n', 'kubepods/pod7/memory.max': '1000\n' })
    expect(memoryLimitBytes(groupFolders(V2, 'memory', root))).toBe(1000)
  })

  test('is found where a container shows its own group as the root', () => {
    expect(memoryLimitBytes(groupFolders(V2, 'memory', mount({ 'memory.max': '2000\n' })))).toBe(2000)
    const version1 = mount({ 'memory/memory.limit_in_bytes': '3000\n' })
    expect(memoryLimitBytes(groupFolders(V1, 'memory', version1))).toBe(3000)
  })

  test('is none where there is none', () => {
    expect(memoryLimitBytes(groupFolders(V2, 'memory', mount({ 'memory.max': 'max\n' })))).toBe(
      Number.POSITIVE_INFINITY,
    )
    expect(memoryLimitBytes(groupFolders('', 'memory', mount({})))).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('throttling', () => {
  test('is what was added since the last look', () => {
    const root = mount({ 'kubepods/pod7/c1/cpu.stat': 'usage_usec 5\nthrottled_usec 1000\n' })
    const throttling = new Throttling(groupFolders(V2, 'cpu', root))
    expect(throttling.read()).toBe(0)
    write(join(root, 'kubepods/pod7/c1/cpu.stat'), 'usage_usec 9\nthrottled_usec 251000\n')
    expect(throttling.read()).toBe(250)
    expect(throttling.read()).toBe(0)
  })

  test('is in nanoseconds in version 1', () => {
    const root = mount({ 'cpu,cpuacct/docker/c1/cpu.stat': 'nr_throttled 1\nthrottled_time 1\n' })
    const throttling = new Throttling(groupFolders(V1, 'cpu', root))
    write(join(root, 'cpu,cpuacct/docker/c1/cpu.stat'), 'nr_throttled 9\nthrottled_time 70000001\n')
    expect(throttling.read()).toBe(70)
  })

  test('is unknown where no group can have a quota', () => {
    expect(new Throttling(groupFolders(V2, 'cpu', mount({ 'cpu.stat': 'usage_usec 5\n' }))).read()).toBeNull()
  })
})

import { arch, cpus, release, totalmem, type } from 'node:os'
import type { SelftestResult } from './result.js'

/** The machine that this process runs on, without its name: results are shown to others. */
export function hostOf(): SelftestResult['host'] {
  const processors = cpus()
  return {
    node: process.versions.node,
    os: `${type()} ${release()}`,
    arch: arch(),
    cpus: processors[0]?.model.trim() ?? 'unknown',
    cpuCount: processors.length,
    memoryBytes: totalmem(),
  }
}

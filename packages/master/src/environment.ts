import { arch, cpus, hostname, release, totalmem, type } from 'node:os'
import type { Environment } from '@llmload/core'

/** The machine that this process runs on. */
export function environment(): Omit<Environment, 'workerHosts'> {
  const processors = cpus()
  return {
    node: process.version,
    os: `${type()} ${release()}`,
    arch: arch(),
    cpus: processors[0]?.model.trim() ?? 'unknown',
    cpuCount: processors.length,
    memoryBytes: totalmem(),
    host: hostname(),
  }
}

import { KernelFile } from './kernel-file.js'

/** Columns of the first line of `/proc/stat`, proc_stat(5): user nice system idle iowait irq softirq steal. */
const TIME_COLUMNS = 8
const STEAL_COLUMN = 7

interface CpuTimes {
  readonly all: number
  readonly stolen: number
}

/** The part of its CPU time that a virtual machine wanted, but that its hypervisor gave to others. */
export class Steal {
  readonly #file: KernelFile
  #times: CpuTimes | null

  constructor(path = '/proc/stat') {
    this.#file = new KernelFile(path)
    this.#times = cpuTimes(this.#file.read())
  }

  /** Since the last read, 0…1, over all CPUs; null where the system does not say. */
  read(): number | null {
    const before = this.#times
    if (before === null) return null
    const now = cpuTimes(this.#file.read()) ?? before
    this.#times = now
    return now.all > before.all ? Math.max(0, (now.stolen - before.stolen) / (now.all - before.all)) : 0
  }

  close(): void {
    this.#file.close()
  }
}

function cpuTimes(text: string): CpuTimes | null {
  const times =
    text
      .match(/^cpu +(.*)$/m)?.[1]
      ?.split(' ')
      .slice(0, TIME_COLUMNS)
      .map(Number) ?? []
  const stolen = times[STEAL_COLUMN]
  return stolen === undefined ? null : { all: times.reduce((sum, time) => sum + time, 0), stolen }
}

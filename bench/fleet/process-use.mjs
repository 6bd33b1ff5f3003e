import { readFileSync } from 'node:fs'

/** Of the kernel's clock, in which it counts CPU time: USER_HZ, 100 on all of Linux. */
const TICK_S = 0.01

/** CPU time of a process and all its threads so far, in seconds; its memory in bytes. */
export function processUse(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const rssKiB = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { cpuS: (Number(fields[11]) + Number(fields[12])) * TICK_S, rssBytes: Number(rssKiB) * 1024 }
}

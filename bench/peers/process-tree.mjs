/** CPU time of a process and all that it starts, from /proc. */
import { readdirSync, readFileSync } from 'node:fs'

const EVERY_MS = 100
/** Linux counts CPU time in hundredths of a second, whatever the clock of the kernel. */
const TICK_S = 0.01

const hostMs = () => Number(process.hrtime.bigint()) / 1e6

/** Samples the tree until it is told to stop. */
export function watchCpu(pid) {
  /** CPU of processes that have ended counts as it was when last seen. */
  const seenS = new Map()
  const samples = []
  const look = () => {
    for (const [member, cpuS] of cpuOfTree(pid)) seenS.set(member, cpuS)
    samples.push({ atMs: hostMs(), cpuS: [...seenS.values()].reduce((sum, cpuS) => sum + cpuS, 0) })
  }
  const timer = setInterval(look, EVERY_MS)
  look()
  return {
    stop: () => clearInterval(timer),
    /** Seconds used between two instants of the host's monotonic clock. */
    between: (fromMs, toMs) => cpuAt(samples, toMs) - cpuAt(samples, fromMs),
  }
}

/** Linear between the samples around an instant. */
function cpuAt(samples, atMs) {
  const next = samples.findIndex((sample) => sample.atMs >= atMs)
  if (next < 0) return samples.at(-1).cpuS
  if (next === 0) return samples[0].cpuS
  const [a, b] = [samples[next - 1], samples[next]]
  return a.cpuS + ((b.cpuS - a.cpuS) * (atMs - a.atMs)) / (b.atMs - a.atMs)
}

/** @returns {Map<number, number>} CPU seconds by process id */
function cpuOfTree(root) {
  const parents = new Map()
  const cpuS = new Map()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!pid) continue
    const fields = statOf(pid)
    if (fields === null) continue
    parents.set(pid, Number(fields[1]))
    cpuS.set(pid, (Number(fields[11]) + Number(fields[12])) * TICK_S)
  }
  const isMember = (pid) => {
    for (let at = pid; at; at = parents.get(at)) if (at === root) return true
    return false
  }
  return new Map([...cpuS].filter(([pid]) => isMember(pid)))
}

/** Fields of /proc/PID/stat after the name, which may hold spaces; null if the process is gone. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/** Loaded into the master before its own code (`node --import`): tells its parent every second how late its event loop runs. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 10

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()
setInterval(() => {
  const late = (ns) => Math.max(0, ns / 1e6 - RESOLUTION_MS)
  process.send?.({ p99Ms: late(delay.percentile(99)), maxMs: late(delay.max) })
  delay.reset()
}, 1000).unref()
process.channel?.unref()

import { expect, test } from 'vitest'
import { HostClock, systemClock } from './clock.js'

test('wall time is that of the host, to a fraction of a millisecond', () => {
  const clock = systemClock()
  const errorsMs = Array.from({ length: 10 }, () => {
    // Just after its tick the millisecond clock is exact, if nothing comes between the two readings.
    const tickMs = Date.now()
    let wallMs = tickMs
    while (wallMs === tickMs) wallMs = Date.now()
    return Math.abs(clock.wallMs(clock.nowMs()) - wallMs)
  })
  expect(Math.min(...errorsMs)).toBeLessThan(0.5)
})

test('instants of the process stand on the clock that all processes share', () => {
  const clock = systemClock()
  const host = new HostClock(clock)
  const beforeNs = Number(process.hrtime.bigint())
  const ns = host.toNs(clock.nowMs())
  const afterNs = Number(process.hrtime.bigint())
  expect(ns).toBeGreaterThan(beforeNs - 2000)
  expect(ns).toBeLessThan(afterNs + 2000)
})

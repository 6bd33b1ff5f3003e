import { describe, expect, test } from 'vitest'
import { type StatsData, statsData } from '../protocol/stats-data.js'
import { Stats } from './stats.js'
import { MAX_ROWS } from './stats-entry.js'

/** One answered and one failed request. */
function taken(name = '/v1/completions'): StatsData {
  const stats = new Stats()
  stats.counts.sent += 2
  stats.counts.succeeded++
  stats.counts.failed++
  stats.entry('POST', name).log(12.5, 100)
  stats.entry('POST', name).log(8, 0)
  stats.entry('POST', name).logFailure()
  stats.errors.log('POST', name, 'HTTP 500', 1)
  stats.failures.set('status', 1)
  stats.histogram('total_latency').record(12_500)
  const data = stats.takeData()
  if (data === null) throw new Error('nothing was taken')
  return data
}

const rows = (n: number): StatsData[] => Array.from({ length: n }, (_, i) => taken(`/${i}`))

describe('Stats', () => {
  test('what was taken fits the wire, and adds up to the same', () => {
    const sum = new Stats()
    for (let i = 0; i < 3; i++) sum.merge(statsData.parse(JSON.parse(JSON.stringify(taken()))))
    expect(sum.counts).toMatchObject({ sent: 6, succeeded: 3, failed: 3 })
    expect(sum.entry('POST', '/v1/completions').numRequests).toBe(6)
    expect(sum.histogram('total_latency').mean).toBe(12_500)
    expect([...sum.errors.entries]).toMatchObject([{ error: 'HTTP 500', occurrences: 3 }])
  })

  test('what has more rows than a table changes nothing', () => {
    const sum = new Stats()
    for (const data of rows(MAX_ROWS)) sum.merge(data)
    const before = JSON.stringify(sum.toData())
    expect(() => sum.merge({ ...taken(), entries: rows(MAX_ROWS + 1).flatMap(({ entries }) => entries) })).toThrow(
      `more than ${MAX_ROWS} rows`,
    )
    expect(JSON.stringify(sum.toData())).toBe(before)
    expect(() => sum.merge(taken('/0'))).not.toThrow()
  })

  test('an error of requests that there were not changes nothing', () => {
    const sum = new Stats()
    expect(() => sum.merge({ ...taken(), entries: [] })).toThrow('of which there were no requests')
    expect([sum.counts.sent, [...sum.entries], [...sum.errors.entries]]).toEqual([0, [], []])
  })

  test('one wrong histogram makes all of it wrong', () => {
    const data = taken()
    const { total_latency: latency } = data.histograms
    const wrong = { ...data, histograms: { total_latency: { ...latency, sum: 99_000 } } }
    expect(statsData.safeParse(wrong).error?.issues[0]?.message).toBe(
      'a sum of 99000, of values that are 12496 to 12500 together',
    )
  })
})

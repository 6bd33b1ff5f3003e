import { describe, expect, test } from 'vitest'
import { ErrorTable, MAX_DISTINCT_ERRORS, OTHER_ERRORS } from './error-entry.js'

const COMPLETIONS = ['POST', '/v1/completions'] as const

describe('ErrorTable', () => {
  test('equal errors of a row are one entry with first and last time, in order of appearance', () => {
    const table = new ErrorTable()
    table.log(...COMPLETIONS, 'HTTP 503: overloaded', 1000)
    table.log(...COMPLETIONS, 'reset', 1500)
    table.log(...COMPLETIONS, 'HTTP 503: overloaded', 2000)
    table.log('GET', '/v1/models', 'reset', 2500)
    expect([...table.entries].map(({ method, error, occurrences }) => [method, error, occurrences])).toEqual([
      ['POST', 'HTTP 503: overloaded', 2],
      ['POST', 'reset', 1],
      ['GET', 'reset', 1],
    ])
    expect([...table.entries][0]).toMatchObject({ firstSeenMs: 1000, lastSeenMs: 2000 })
  })

  test('workers’ occurrences add up, first is the earliest and last the latest', () => {
    const error = { method: 'POST', name: '/a', error: 'boom' }
    const merged = new ErrorTable()
    merged.merge([{ ...error, occurrences: 2, firstSeenMs: 100, lastSeenMs: 110 }])
    merged.merge([{ ...error, occurrences: 3, firstSeenMs: 90, lastSeenMs: 120 }])
    expect([...merged.entries]).toEqual([{ ...error, occurrences: 5, firstSeenMs: 90, lastSeenMs: 120 }])
  })

  test('method, name and error do not run into each other', () => {
    const table = new ErrorTable()
    table.log('a', 'b c', 'd', 1)
    table.log('a b', 'c', 'd', 1)
    table.log('a', 'b', 'c d', 1)
    expect([...table.entries]).toHaveLength(3)
  })

  test('a server that makes every message unique fills the table once, and nothing is lost', () => {
    const table = new ErrorTable()
    for (let i = 0; i < MAX_DISTINCT_ERRORS + 1500; i++) table.log(...COMPLETIONS, `request ${i} failed`, i)
    table.log(...COMPLETIONS, 'request 0 failed', 5000)
    const entries = [...table.entries]
    expect(entries).toHaveLength(MAX_DISTINCT_ERRORS + 1)
    expect(entries.at(-1)).toMatchObject({ error: OTHER_ERRORS, occurrences: 1500, firstSeenMs: 500, lastSeenMs: 1999 })
    expect(entries[0]?.occurrences).toBe(2)
  })

  test('what was taken is sent once', () => {
    const table = new ErrorTable()
    table.log(...COMPLETIONS, 'boom', 1)
    expect(table.takeData()).toHaveLength(1)
    expect(table.isEmpty).toBe(true)
    expect(table.takeData()).toEqual([])
  })
})

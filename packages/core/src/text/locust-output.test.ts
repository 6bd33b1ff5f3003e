import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ErrorEntryData, ErrorTable } from '../metrics/error-entry.js'
import { StatsEntry } from '../metrics/stats-entry.js'
import { parseCsv } from './csv.js'
import { errorReport } from './error-report.js'
import { errorKey, exceptionsCsv, failuresCsv, historyCsvHeader, historyCsvRow, statsCsv } from './locust-csv.js'
import { percentileTable } from './percentile-table.js'
import { requestTable } from './request-table.js'
import type { TableRow } from './table-layout.js'

interface InputRow {
  method: string
  name: string
  response_times: number[]
  response_length: number
  errors: string[]
}

interface TableVectors {
  rows: InputRow[]
  durationS: number
  tables: Record<'80' | '40' | '10' | '4' | '0', Record<'requests' | 'percentiles' | 'errors', string[]>>
  empty: Record<'requests' | 'percentiles', string[]>
}

interface CsvVectors {
  stats: string
  failures: string
  historyRow: string
  emptyHistoryRow: string
  errorKeys: { method: string; name: string; error: string; key: string }[]
  utc: [unixS: number, text: string][]
  errorDisplay: { given: string; display: string; csv: string }[]
}

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const TABLES: TableVectors = JSON.parse(fixture('locust-tables.json'))
const CSV: CsvVectors = JSON.parse(fixture('locust-csv.json'))

const WIDTHS = ['80', '40', '10', '4', '0'] as const

/** The text of lines that Locust logs one by one, with the empty line that it logs after them. */
const logged = (lines: string[]): string => lines.map((line) => `${line}\n`).join('')

const withTotalRates = (entry: StatsEntry): TableRow => ({
  entry,
  reqPerS: entry.numRequests / TABLES.durationS,
  failPerS: entry.numFailures / TABLES.durationS,
})

function book(input: InputRow, ...entries: StatsEntry[]): void {
  for (const entry of entries) {
    for (const ms of input.response_times) entry.log(ms, input.response_length)
    for (const _ of input.errors) entry.logFailure()
  }
}

/** The run that Locust was observed with. Its Aggregated row counts METRIC rows too, so this one does. */
function observedRun(): { rows: TableRow[]; aggregated: TableRow; errors: ErrorTable } {
  const errors = new ErrorTable()
  const total = new StatsEntry('', 'Aggregated')
  const entries = TABLES.rows.map((input) => {
    const entry = new StatsEntry(input.method, input.name)
    book(input, entry, total)
    for (const error of input.errors) {
      errors.log(input.method, input.name, error, 1_700_000_001_900)
      errors.log(input.method, input.name, error, 1_700_000_009_100)
    }
    return entry
  })
  return { rows: entries.map(withTotalRates), aggregated: withTotalRates(total), errors }
}

/** An error as often as Locust was given it; `observedRun` books first and last sight of each. */
function withOccurrences(errors: ErrorTable): ErrorEntryData[] {
  return [...errors.entries].map((error) => ({ ...error, occurrences: error.occurrences / 2 }))
}

const NOTHING = withTotalRates(new StatsEntry('', 'Aggregated'))

describe('tables of a run', () => {
  const { rows, aggregated, errors } = observedRun()

  test.each(WIDTHS)('request table with %s columns for names', (width) => {
    const lines = [...TABLES.tables[width].requests, '']
    expect(requestTable(rows, aggregated, Number(width))).toBe(logged(lines))
  })

  test.each(WIDTHS)('percentile table with %s columns for names', (width) => {
    const lines = [...TABLES.tables[width].percentiles, '']
    expect(percentileTable(rows, aggregated, Number(width))).toBe(logged(lines))
  })

  test.each(WIDTHS)('error report with %s columns for names', (width) => {
    expect(errorReport(withOccurrences(errors), Number(width))).toBe(logged(TABLES.tables[width].errors))
  })

  test('the order of the rows given does not matter', () => {
    expect(requestTable(rows.toReversed(), aggregated, 80)).toBe(requestTable(rows, aggregated, 80))
    expect(percentileTable(rows.toReversed(), aggregated, 80)).toBe(percentileTable(rows, aggregated, 80))
  })
})

describe('tables of nothing', () => {
  test('request table', () => {
    expect(requestTable([], NOTHING, 80)).toBe(logged([...TABLES.empty.requests, '']))
  })

  test('percentile table', () => {
    expect(percentileTable([], NOTHING, 80)).toBe(logged([...TABLES.empty.percentiles, '']))
  })

  test('no errors, no report', () => {
    expect(errorReport([], 80)).toBe('')
  })

  test('a row without requests is in the request table only', () => {
    const row = withTotalRates(new StatsEntry('GET', '/v1/models'))
    expect(requestTable([row], NOTHING, 20)).toContain(
      'GET      /v1/models             0     0(0.00%) |      0       0       0      0 |    0.00        0.00\n',
    )
    expect(percentileTable([row], NOTHING, 20)).not.toContain('/v1/models')
  })
})

describe('rows that are hard to lay out', () => {
  const line = (entry: StatsEntry): string => requestTable([withTotalRates(entry)], NOTHING, 14).split('\n')[2] ?? ''

  test('a fail column of 13 characters pushes the rest of its row to the right', () => {
    const entry = new StatsEntry('POST', '/a')
    for (let i = 0; i < 1000; i++) {
      entry.log(10, 0)
      entry.logFailure()
    }
    expect(line(entry)).toBe(
      'POST     /a            1000 1000(100.00%) |     10      10      10     10 |   95.24       95.24',
    )
  })

  test('a long method is followed by two spaces, and an emoji counts as one column', () => {
    const entry = new StatsEntry('PROPFIND', '😀')
    entry.log(51.7, 0)
    expect(line(entry)).toBe(
      'PROPFIND  😀                1     0(0.00%) |     51      51      51     51 |    0.10        0.00',
    )
  })
})

describe('error texts', () => {
  // A failure of ours is a text, so what Locust wraps in an exception for its CSV stays the text there.
  test.each(CSV.errorDisplay)('$given is shown as $display', ({ display }) => {
    const shown = display.slice('POST /a: '.length)
    const errors = new ErrorTable()
    errors.log('POST', '/a', shown, 0)
    expect(errorReport(errors.entries, 80).split('\n')[3]).toBe(`1                  ${display.padEnd(100)}`)
    expect([...parseCsv(failuresCsv(errors.entries))][1]?.[2]).toBe(shown)
  })

  test('an error of several lines stays on one', () => {
    const errors = new ErrorTable()
    errors.log('POST', '/a', 'HTTP 500: oops\n\u001b[31mred', 0)
    expect(errorReport(errors.entries, 80)).toContain('POST /a: HTTP 500: oops\\n\\x1b[31mred ')
  })
})

describe('CSV files', () => {
  const { rows, aggregated, errors } = observedRun()

  test('stats', () => {
    expect(statsCsv(rows.toReversed(), aggregated)).toBe(CSV.stats)
  })

  test('a row without requests has no percentiles', () => {
    const row = withTotalRates(new StatsEntry('GET', '/v1/models'))
    const line = statsCsv([row], NOTHING).split('\r\n')[1]
    expect(line).toBe(`GET,/v1/models,0,0,0,0.0,0,0,0,0.0,0.0${',N/A'.repeat(11)}`)
  })

  test('a median outside of the exact limits is moved to them and is a float', () => {
    const entry = new StatsEntry('METRIC', 'latency_per_token')
    for (let i = 0; i < 80; i++) entry.log(12.345, 0)
    const columns = statsCsv([withTotalRates(entry)], NOTHING)
      .split('\r\n')[1]
      ?.split(',')
      .slice(2, 9)
    expect(columns).toEqual(['80', '0', '12.345', '12.34500000000002', '12.345', '12.345', '0.0'])
  })

  test('a time of 0 is Locust’s integer 0', () => {
    const entry = new StatsEntry('METRIC', 'cached_tokens')
    entry.log(0, 0)
    const columns = statsCsv([withTotalRates(entry)], NOTHING)
      .split('\r\n')[1]
      ?.split(',')
      .slice(2, 9)
    expect(columns).toEqual(['1', '0', '0', '0.0', '0', '0', '0.0'])
  })

  test('history', () => {
    const idle = { reqPerS: 0, failPerS: 0 }
    expect(historyCsvRow(1_700_000_011_900, 0, { ...aggregated, ...idle })).toBe(CSV.historyRow)
    expect(historyCsvRow(1_700_000_000_000, 0, NOTHING)).toBe(CSV.emptyHistoryRow)
    expect(historyCsvRow(0, 12, { ...NOTHING, reqPerS: 46 / 3, failPerS: 2 / 3 })).toMatch(
      /^0,12,,Aggregated,15\.333333,0\.666667,N\/A/,
    )
    expect(historyCsvHeader().split(',')).toHaveLength(CSV.historyRow.split(',').length)
    expect(historyCsvHeader()).toBe(
      'Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,' +
        'Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,' +
        'Total Min Response Time,Total Max Response Time,Total Average Content Size\r\n',
    )
  })

  test('failures, in the order of their keys', () => {
    expect(failuresCsv(withOccurrences(errors))).toBe(CSV.failures)
  })

  test.each(CSV.errorKeys)('the key of $method $name: $error is Locust’s', ({ key, ...error }) => {
    expect(errorKey(error)).toBe(key)
  })

  test.each(CSV.utc)('%d s are %s', (unixS, text) => {
    const errors = new ErrorTable()
    errors.log('POST', '/a', 'boom', unixS * 1000)
    expect(failuresCsv(errors.entries)).toContain(`POST,/a,boom,1,${text},${text}\r\n`)
  })

  test('exceptions', () => {
    const exception = { count: 2, message: 'boom', traceback: 'Error: boom\n    at a.js:1, b', nodes: ['w1', 'w2'] }
    expect(exceptionsCsv([exception])).toBe(
      'Count,Message,Traceback,Nodes\r\n2,boom,"Error: boom\n    at a.js:1, b","w1, w2"\r\n',
    )
  })
})

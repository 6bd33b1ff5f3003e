import { describe, expect, test } from 'vitest'
import { parseCsv } from './csv.js'
import type { SummaryRow } from './summary-block.js'
import { appendPlan } from './summary-csv.js'

const RUN: SummaryRow[] = [
  ['Provider', 'vllm'],
  ['Logprobs', null],
  ['Concurrency', 'QPS 1.0 constant'],
  ['Total Latency', '572.25'],
]

const HEADER = 'Provider,Logprobs,Concurrency,Total Latency\r\n'
const ROW = 'vllm,,QPS 1.0 constant,572.25\r\n'

const planFor = (existing: string) => appendPlan({ head: existing, tail: existing }, RUN)

/** The records of the file after the append, by column name. */
function recordsAfter(existing: string): Record<string, string>[] {
  const [header = [], ...rows] = parseCsv(existing + planFor(existing).text)
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])))
}

describe('appendPlan', () => {
  test.each([
    { file: 'an empty file', existing: '', text: HEADER + ROW },
    { file: 'a file of nothing but line ends', existing: '\r\n', text: HEADER + ROW },
    { file: 'a file with our header', existing: HEADER, text: ROW },
    { file: 'a file with our header and rows', existing: HEADER + ROW, text: ROW },
    { file: 'a file that an editor saved with LF', existing: (HEADER + ROW).replaceAll('\r', ''), text: ROW },
    { file: 'a file that Excel saved with a byte order mark', existing: `\uFEFF${HEADER}`, text: ROW },
    { file: 'a file whose last row has no line end', existing: (HEADER + ROW).trimEnd(), text: `\r\n${ROW}` },
    {
      file: 'a header that is quoted throughout',
      existing: '"Provider","Logprobs","Concurrency","Total Latency"\n',
      text: ROW,
    },
  ])('$file is continued without a warning', ({ existing, text }) => {
    expect(planFor(existing)).toEqual({ text, warnings: [] })
  })

  test('other order of columns: values go where they belong', () => {
    const existing = 'Total Latency,Concurrency,Logprobs,Provider\r\n'
    expect(planFor(existing)).toEqual({ text: '572.25,QPS 1.0 constant,,vllm\r\n', warnings: [] })
  })

  test('other columns: what fits is written, and both misfits are named', () => {
    const existing = 'Provider,Model,"Notes, by hand",Total Latency\r\nvllm,m,ok,570'
    expect(planFor(existing)).toEqual({
      text: '\r\nvllm,,,572.25\r\n',
      warnings: [
        'the summary file has no column for Logprobs (None), Concurrency (QPS 1.0 constant)',
        'this run has no value for Model, Notes, by hand of the summary file; left empty',
      ],
    })
    expect(recordsAfter(existing)).toEqual([
      { Provider: 'vllm', Model: 'm', 'Notes, by hand': 'ok', 'Total Latency': '570' },
      { Provider: 'vllm', Model: '', 'Notes, by hand': '', 'Total Latency': '572.25' },
    ])
  })

  test('a file that is none of ours keeps its text, and the run is not lost in empty columns', () => {
    const existing = 'date;host\n2024-01-01;a'
    const { text, warnings } = planFor(existing)
    expect(text).toBe(`\r\n${HEADER}${ROW}`)
    expect(warnings).toHaveLength(1)
  })

  test('head and end of a huge file are enough', () => {
    expect(appendPlan({ head: `${HEADER}vllm,,"torn in the mid`, tail: '0' }, RUN).text).toBe(`\r\n${ROW}`)
  })
})

import { describe, expect, test } from 'vitest'
import { expositionOf, type Family, writeFamilies } from './prometheus-text.js'

const COUNTER: Family = {
  type: 'counter',
  name: 'requests',
  help: 'Requests.',
  samples: [
    { labels: { phase: 'ramp' }, value: 3 },
    { labels: { phase: 'measured', outcome: 'failed' }, value: 0 },
  ],
}

describe('a page of metrics', () => {
  test('in the older text format', () => {
    expect(writeFamilies([COUNTER], 'text')).toBe(
      [
        '# HELP requests_total Requests.',
        '# TYPE requests_total counter',
        'requests_total{phase="ramp"} 3',
        'requests_total{phase="measured",outcome="failed"} 0',
        '',
      ].join('\n'),
    )
  })

  test('in OpenMetrics: a family of counters has no suffix, and the page says where it ends', () => {
    expect(writeFamilies([COUNTER], 'openMetrics')).toBe(
      [
        '# HELP requests Requests.',
        '# TYPE requests counter',
        'requests_total{phase="ramp"} 3',
        'requests_total{phase="measured",outcome="failed"} 0',
        '# EOF',
        '',
      ].join('\n'),
    )
  })

  test('with a histogram: what is above the last bound is in +Inf, which is the count', () => {
    const family: Family = {
      type: 'histogram',
      name: 'latency_seconds',
      help: 'Latency.',
      bounds: [0.000315, 1],
      samples: [{ labels: {}, upTo: [2, 5], count: 6, sum: 12.5 }],
    }
    expect(writeFamilies([family], 'text')).toBe(
      [
        '# HELP latency_seconds Latency.',
        '# TYPE latency_seconds histogram',
        'latency_seconds_bucket{le="0.000315"} 2',
        'latency_seconds_bucket{le="1.0"} 5',
        'latency_seconds_bucket{le="+Inf"} 6',
        'latency_seconds_sum 12.5',
        'latency_seconds_count 6',
        '',
      ].join('\n'),
    )
  })

  test('escapes what a label may not hold', () => {
    const family: Family = {
      type: 'gauge',
      name: 'info',
      help: 'I.',
      samples: [{ labels: { m: 'a"b\\c\nd' }, value: 1 }],
    }
    expect(writeFamilies([family], 'text')).toContain('info{m="a\\"b\\\\c\\nd"} 1\n')
  })
})

test.each([
  { accept: undefined, wanted: 'text', story: 'a person with curl' },
  { accept: '*/*', wanted: 'text', story: 'the same' },
  { accept: 'text/plain;version=0.0.4;q=1,*/*;q=0.1', wanted: 'text', story: 'an old Prometheus' },
  {
    accept: 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3',
    wanted: 'openMetrics',
    story: 'Prometheus 3',
  },
])('$story gets the format $wanted', ({ accept, wanted }) => {
  expect(expositionOf(accept)).toBe(wanted)
})

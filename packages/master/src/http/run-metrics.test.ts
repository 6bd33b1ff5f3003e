import { readFileSync } from 'node:fs'
import { Stats } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { HEALTHY, statsData } from '../../test/wire-worker.js'
import { writeFamilies } from './prometheus-text.js'
import { runMetrics } from './run-metrics.js'
import type { RunSnapshot } from './run-snapshot.js'

const DASHBOARD = new URL('../../../../docker/grafana/dashboards/llmload.json', import.meta.url)

function snapshot(overrides: Partial<RunSnapshot> = {}): RunSnapshot {
  return {
    ...{ runId: 'r', version: '1.2.3', model: 'M', state: 'measuring' },
    ...{ startAtMs: 1_700_000_000_500, measuredFromMs: 1_700_000_001_500, endAtMs: null },
    ...{ level: { qps: 20, users: 100 }, users: 90, inFlight: 7, workers: [] },
    stats: { ramp: new Stats(), measured: new Stats() },
    ...overrides,
  }
}

const pageOf = (overrides?: Partial<RunSnapshot>): string => writeFamilies(runMetrics(snapshot(overrides)), 'text')

function statsOf(answers: Parameters<typeof statsData>[0]): Stats {
  const stats = new Stats()
  stats.merge(statsData(answers))
  return stats
}

describe('the metrics of a run', () => {
  test('count requests by what became of them, apart for ramp and measured window', () => {
    const stats = { ramp: statsOf({ answered: 3 }), measured: statsOf({ answered: 40, failed: 2, censored: 1 }) }
    const page = pageOf({ stats })
    expect(page).toContain('llmload_requests_sent_total{phase="ramp"} 3\n')
    expect(page).toContain('llmload_requests_sent_total{phase="measured"} 43\n')
    expect(page).toContain('llmload_requests_total{phase="measured",outcome="succeeded"} 40\n')
    expect(page).toContain('llmload_requests_total{phase="measured",outcome="failed"} 2\n')
    expect(page).toContain('llmload_requests_total{phase="measured",outcome="censored"} 1\n')
    expect(page).toContain('llmload_request_failures_total{phase="measured",class="status"} 2\n')
    expect(page).toContain('llmload_output_tokens_total{phase="measured"} 4000\n')
    expect(page).toContain('llmload_input_tokens_total{phase="ramp"} 3000\n')
  })

  test('have every count from the start, so that the first failure is an increase', () => {
    const page = pageOf()
    expect(page).toContain('llmload_requests_total{phase="measured",outcome="failed"} 0\n')
    expect(page).toContain('llmload_request_failures_total{phase="measured",class="timeout_total"} 0\n')
    expect(page).toContain('llmload_time_to_first_token_seconds_count{phase="measured"} 0\n')
  })

  test('have histograms in seconds: each value is in all buckets from the first that holds it', () => {
    const measured = statsOf({ answered: 2, firstTokenMs: 50 })
    measured.merge(statsData({ answered: 1, firstTokenMs: 51 }))
    const page = pageOf({ stats: { ramp: new Stats(), measured } })
    const ttft = 'llmload_time_to_first_token_seconds'
    expect(page).toContain(`${ttft}_bucket{phase="measured",le="0.04"} 0\n`)
    expect(page).toContain(`${ttft}_bucket{phase="measured",le="0.05"} 2\n`)
    expect(page).toContain(`${ttft}_bucket{phase="measured",le="0.063"} 3\n`)
    expect(page).toContain(`${ttft}_bucket{phase="measured",le="100.0"} 3\n`)
    expect(page).toContain(`${ttft}_bucket{phase="measured",le="+Inf"} 3\n`)
    expect(page).toContain(`${ttft}_sum{phase="measured"} 0.151\n`)
    expect(page).toContain(`${ttft}_count{phase="measured"} 3\n`)
  })

  test('say where the run is, what is asked for and what there is', () => {
    const page = pageOf()
    expect(page).toContain('llmload_run_info{run_id="r",version="1.2.3",model="M"} 1\n')
    expect(page).toContain('llmload_run_state{state="measuring"} 1\n')
    expect(page).toContain('llmload_run_state{state="draining"} 0\n')
    expect(page).toContain('llmload_run_start_timestamp_seconds 1700000000.5\n')
    expect(page).toContain('llmload_target_requests_per_second 20\n')
    expect(page).toContain('llmload_users 90\n')
    expect(page).toContain('llmload_requests_in_flight 7\n')
  })

  test('leave out what is not known: no rate in a closed loop, no start before it is fixed', () => {
    const page = pageOf({ level: { qps: null, users: 5 }, startAtMs: null })
    expect(page).not.toMatch(/^llmload_target_requests_per_second /m)
    expect(page).not.toMatch(/^llmload_run_start_timestamp_seconds /m)
  })

  test('show the health of workers that report, and forget that of those that do not', () => {
    const common = { host: 'h', users: 1, inFlight: 0 }
    const page = pageOf({
      workers: [
        { ...common, id: 'h-1', status: 'connected', health: { ...HEALTHY, elu: 0.25, loopDelayMaxMs: 3 } },
        { ...common, id: 'h-2', status: 'away', health: null },
        { ...common, id: 'h-3', status: 'lost', health: null },
      ],
    })
    expect(page).toContain('llmload_workers{status="connected"} 1\n')
    expect(page).toContain('llmload_workers{status="away"} 1\n')
    expect(page).toContain('llmload_workers{status="lost"} 1\n')
    expect(page).toContain('llmload_worker_event_loop_utilization_ratio{worker="h-1"} 0.25\n')
    expect(page).toContain('llmload_worker_event_loop_delay_max_seconds{worker="h-1"} 0.003\n')
    expect(page).not.toContain('worker="h-2"')
  })
})

test('the dashboard asks for nothing that a run does not show', () => {
  const workers = [{ id: 'w', host: 'h', status: 'connected', users: 1, inFlight: 0, health: HEALTHY } as const]
  const labelsOf = new Map<string, string[]>()
  for (const [, name = '', labels = ''] of pageOf({ workers }).matchAll(/^(\w+)(?:\{(.*)\})? /gm))
    labelsOf.set(name, ['instance', ...[...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label)])

  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8'))
  const queries: string[] = panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) => expr),
  )
  expect(queries.length).toBeGreaterThan(30)
  for (const query of queries) {
    for (const [, name = '', selector = ''] of query.matchAll(/(llmload_\w+)\{(.*?)\}/g)) {
      const asked = [...`${selector},${groupingOf(query)}`.matchAll(/(\w+)(?==|,|$)/g)].map(([, label = '']) => label)
      expect(labelsOf.get(name), name).toEqual(expect.arrayContaining(asked))
    }
  }
})

/** Labels that a query groups by. */
const groupingOf = (query: string): string => /by \(([^)]*)\)/.exec(query)?.[1] ?? ''

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folder, llmload, report, sim } from './support/llmload.js'

const GUIDE = '--provider vllm --headless -p 1000 -o 100 -u 100 -r 100'.split(' ')
const TRUE_TTFT_MS = 57
const TRUE_ITL_MS = 5.2
const TRUTH = ['--ttft-ms', `${TRUE_TTFT_MS}`, '--itl-ms', `${TRUE_ITL_MS}`]

describe("the guide's command", () => {
  test('prints request table, percentile table, metrics block and, last, the summary; and appends a row', async () => {
    const { url } = await sim(...TRUTH)
    const file = join(folder(), 'vllm_locust.csv')
    const { code, stdout } = await llmload(...GUIDE, '-H', url, '--qps', '5', '-t', '4s', '--summary-file', file)
    expect(code).toBe(0)
    const [requestTable = '', rest = ''] = stdout.split('Response time percentiles (approximated)\n')
    const finalTable = requestTable.slice(requestTable.lastIndexOf('Type     Name'))
    expect(finalTable).toMatch(/^POST {5}\/v1\/completions +20 +0\(0\.00%\) \|.* \| {4}5\.00 {8}0\.00$/m)
    expect(finalTable).toMatch(/^GET {6}\/v1\/models +0 +0\(0\.00%\) \| {6}0 {7}0 {7}0 {6}0 \| {4}0\.00 {8}0\.00$/m)
    expect(finalTable).toMatch(/^METRIC {3}num_tokens +20 +0\(0\.00%\) \| {4}100 {5}100 {5}100 {4}100 \|/m)
    expect(finalTable).toMatch(/^METRIC {3}prompt_tokens +20 +0\(0\.00%\) \| {3}1000 {4}1000 {4}1000 {3}1000 \|/m)
    expect(rest).toMatch(/^METRIC {3}time_to_first_token +5[78] /m)
    // The median: a host that stands still once moves the mean of twenty.
    expect(rest).toMatch(/^TTFT +ms +\d+\.\d\d +5[78]\.\d\d /m)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('='.repeat(80))
    expect(stdout).toContain(`${'='.repeat(35)} Summary ${'='.repeat(36)}\nProvider                 : vllm\n`)

    const [header, row, end] = readFileSync(file, 'utf8').split('\r\n')
    expect(header).toMatch(/^Provider,Model,Prompt Tokens,Generation Tokens,Completion Tokens,Stream,/)
    expect(row).toMatch(/^vllm,sim-model,1000\.0,100\.0,100\.0,True,1\.0,,QPS 5\.0 constant,/)
    expect(end).toBe('')
  })

  test('counts every request of the window once, at the rate asked for, within a millisecond of the truth', async () => {
    const { url } = await sim(...TRUTH)
    const { report: run } = await report(...GUIDE, '-H', url, '--qps', '10', '-t', '5s')
    expect(run.requests).toMatchObject({ sent: 50, succeeded: 50, failed: 0, censored: 0, late: 0, unsent: 0 })
    expect(run.requests.sentPerSecond).toBeCloseTo(10, 9)
    const rows = run.entries.filter(({ name }) => name !== '/v1/models')
    expect(rows.map(({ requests }) => requests)).toEqual(rows.map(() => 50))
    expect(run.metrics.time_to_first_token.p50).toBeGreaterThanOrEqual(TRUE_TTFT_MS)
    expect(run.metrics.time_to_first_token.p50).toBeLessThan(TRUE_TTFT_MS + 1.5)
    const trueLatencyMs = TRUE_TTFT_MS + 99 * TRUE_ITL_MS
    expect(run.metrics.total_latency.p50).toBeGreaterThanOrEqual(trueLatencyMs)
    expect(run.metrics.total_latency.p50).toBeLessThan(trueLatencyMs + 2)
    expect(run.metrics.inter_token_latency.count).toBe(50 * 99)
    expect(run.metrics.inter_token_latency.mean).toBeCloseTo(TRUE_ITL_MS, 1)
    expect(run.metrics.time_per_output_token.mean).toBeCloseTo(TRUE_ITL_MS, 1)
  })

  test('rows of later runs go under the header that is there, by name, with a warning', async () => {
    const file = join(folder(), 'sheet.csv')
    writeFileSync(file, 'Num Requests,Comment,Model\r\n7,"by, hand",old-model\r\n')
    const { code, stderr } = await llmload(...GUIDE, '-H', 'sim', '--qps', '4', '-t', '1s', '--summary-file', file)
    expect(code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe('Num Requests,Comment,Model\r\n7,"by, hand",old-model\r\n4,,sim-model\r\n')
    expect(stderr).toMatch(/WARNING.*Qps/)
  })
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXIT } from '@llmload/core'
import { describe, expect } from 'vitest'
import { type MasterRun, type RunOverrides, test as runTest } from '../../test/master-run.js'
import { instant, statsData } from '../../test/wire-worker.js'

type Output = NonNullable<RunOverrides['output']>

const test = runTest.extend<{
  /** A folder of its own for each test. */
  folder: string
  /** A run in which five requests are answered and one more fails. */
  carryOut: (output: Output, windowMs?: number) => Promise<MasterRun>
}>({
  folder: async ({ onTestFinished }, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'llmload-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    await use(folder)
  },
  carryOut: async ({ begin }, use) => {
    await use(async (output, windowMs = 300) => {
      const run = begin({ output: { maxFailRatio: 0.5, ...output }, load: { runTimeS: windowMs / 1000 } })
      const worker = await run.worker()
      const startAtMs = await worker.run()
      await instant(startAtMs + windowMs)
      await worker.report({ users: 4, measured: statsData({ answered: 5, failed: 1 }) })
      await worker.drain()
      await run.ended
      return run
    })
  },
})

const lines = (path: string): string[] => readFileSync(path, 'utf8').split('\r\n')

describe.concurrent('the summary file', () => {
  test('gets a header and a row, and the next run another row', async ({ folder, carryOut }) => {
    const summaryFile = join(folder, 'out.csv')
    await carryOut({ summaryFile })
    const run = await carryOut({ summaryFile })
    expect(await run.ended).toBe(EXIT.ok)
    const [header, first, second, end] = lines(summaryFile)
    expect(header).toMatch(/^Provider,Model,Prompt Tokens,.*,Num Requests,Qps,/)
    expect(first).toMatch(/^vllm,M,1000\.0,.*,QPS 10\.0 constant,.*,5,20\.0,/)
    expect(second).toBe(first)
    expect(end).toBe('')
  })

  test('of another shape is filled by the names of its columns, with a warning', async ({ folder, carryOut }) => {
    const summaryFile = join(folder, 'old.csv')
    writeFileSync(summaryFile, 'Model,Comment,Num Requests\nA,mine,3') // by hand: no line end
    const run = await carryOut({ summaryFile })
    expect(readFileSync(summaryFile, 'utf8')).toBe('Model,Comment,Num Requests\nA,mine,3\r\nM,,5\r\n')
    expect(run.logged.join('\n')).toMatch(/warn .*old\.csv: this run has no value for Comment/)
    expect(run.logged.join('\n')).toMatch(/warn .*old\.csv: the summary file has no column for Provider \(vllm\)/)
  })

  test('on a full disk costs no row: it is on stderr, and the exit code says so', async ({ carryOut }) => {
    const run = await carryOut({ summaryFile: '/dev/full' })
    expect(await run.ended).toBe(EXIT.usage)
    expect(run.stderr).toMatch(/^Provider,Model,.*\r\nvllm,M,/m)
    expect(run.logged.join('\n')).toMatch(/error the row for \/dev\/full could not be written: ENOSPC/)
    expect(run.logged.at(-1)).toBe('info Shutting down (exit code 2)')
    expect(run.report.requests.succeeded).toBe(5)
  })

  test('gets a row of a run in which nothing was answered, too: it is the point of a sweep where the server broke down', async ({
    folder,
    begin,
  }) => {
    const summaryFile = join(folder, 'out.csv')
    const run = begin({ output: { summaryFile }, load: { runTimeS: 0.1 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    await instant(startAtMs + 100)
    await worker.report({ measured: statsData({ failed: 2, error: 'HTTP 401: who are you' }) })
    await worker.drain()
    expect(await run.ended).toBe(EXIT.failures)
    expect(lines(summaryFile)[1]).toMatch(/^vllm,M,,,,True,1\.0,,QPS 10\.0 constant,.*,0,20\.0,/)
    expect(run.report.notes).toContain('no request was answered in full')
    expect(run.report.notes).toContain('the server wants a key, or another one: set LLMLOAD_API_KEY')
  })
})

describe.concurrent('the four files of --csv', () => {
  test('hold the final numbers, those that came while draining included', async ({ folder, carryOut }) => {
    const csvPrefix = join(folder, 'new/sub/run')
    const run = await carryOut({ csvPrefix })
    const stats = lines(`${csvPrefix}_stats.csv`)
    expect(stats[1]).toMatch(/^POST,\/v1\/completions,6,1,10,10\.0,10\.0,10\.0,1000\.0,20\.0,3\.33\d+,10,/)
    expect(stats.at(-2)).toMatch(/^,Aggregated,6,1,/)
    expect(lines(`${csvPrefix}_failures.csv`)[1]).toMatch(/^POST,\/v1\/completions,HTTP 500: boom,1,20\d\d-\d\d-/)
    expect(lines(`${csvPrefix}_exceptions.csv`)).toEqual(['Count,Message,Traceback,Nodes', ''])
    expect(run.report.requests.sent).toBe(6)
  })

  test('have a row of history at once and every second', async ({ folder, carryOut }) => {
    const csvPrefix = join(folder, 'run')
    await carryOut({ csvPrefix }, 1500)
    const [header, ...rows] = lines(`${csvPrefix}_stats_history.csv`).slice(0, -1)
    expect(header).toMatch(/^Timestamp,User Count,Type,Name,Requests\/s/)
    expect(rows.length).toBeGreaterThanOrEqual(3) // at once, after one second, at the end
    expect(rows[0]).toMatch(/^\d{10},0,,Aggregated,0\.000000,0\.000000,/)
    expect(rows.at(-1)).toMatch(/^\d{10},4,,Aggregated,.*,6,1,10,10\.0,10\.0,10\.0,1000\.0$/)
  })

  test('replace those of an earlier run', async ({ folder, carryOut }) => {
    const csvPrefix = join(folder, 'run')
    writeFileSync(`${csvPrefix}_stats_history.csv`, 'old\r\n')
    writeFileSync(`${csvPrefix}_failures.csv`, 'old\r\n'.repeat(100))
    await carryOut({ csvPrefix })
    expect(lines(`${csvPrefix}_stats_history.csv`)).not.toContain('old')
    expect(lines(`${csvPrefix}_failures.csv`)).toHaveLength(3)
  })

  test('on a disk that fills up cost the exit code, not the run', async ({ folder, begin }) => {
    const csvPrefix = join(folder, 'run')
    const run = begin({ output: { csvPrefix }, load: { runTimeS: 0.5 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    rmSync(folder, { recursive: true })
    await instant(startAtMs + 500)
    await worker.report({ measured: statsData({ answered: 1 }) })
    await worker.drain()
    expect(await run.ended).toBe(EXIT.usage)
    expect(run.report.requests.succeeded).toBe(1)
    expect(run.logged.join('\n')).toContain('error --csv: the final numbers could not be written: ENOENT')
  })
})

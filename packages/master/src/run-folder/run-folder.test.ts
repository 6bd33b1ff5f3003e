import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXIT, type LoadError, makePlan, Stats, systemClock, tableRows } from '@llmload/core'
import { describe, expect } from 'vitest'
import { configOf, type MasterRun, type RunOverrides, test as runTest } from '../../test/master-run.js'
import { instant, statsData } from '../../test/wire-worker.js'
import { History } from '../history.js'
import { findRun, runFolders } from './find-run.js'
import { FORMATS } from './formats.js'
import { FILES } from './layout.js'
import { RunFolder } from './run-folder.js'
import { historyCsv, readRun, storedResults } from './stored-run.js'

const test = runTest.extend<{
  /** A place of its own for each test. */
  place: string
  /** A run in which five requests are answered and one more fails. */
  carryOut: (overrides: RunOverrides, windowMs?: number) => Promise<MasterRun>
}>({
  place: async ({ onTestFinished }, use) => {
    const path = mkdtempSync(join(tmpdir(), 'llmload-runs-'))
    onTestFinished(() => rmSync(path, { recursive: true, force: true }))
    await use(path)
  },
  carryOut: async ({ begin }, use) => {
    await use(async (overrides, windowMs = 300) => {
      const output = { maxFailRatio: 0.5, ...overrides.output }
      const run = begin({ ...overrides, output, load: { runTimeS: windowMs / 1000, ...overrides.load } })
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

const named = (path: string) => ({ path, isNamed: true })
/** A file to be written that takes nothing until somebody reads it. */
function pipe(path: string): string {
  execFileSync('sh', ['-c', 'mkfifo "$0"', path])
  return path
}

const text = (...path: string[]): string => readFileSync(join(...path), 'utf8')

function onlyRun(place: string): string {
  const [folder = '', ...more] = runFolders(place)
  expect(more).toEqual([])
  return folder
}

function printed(folder: string) {
  const { totals } = readRun(folder, systemClock())
  if (totals === null) throw new Error('nothing was saved')
  return { ...storedResults(totals), historyCsv: () => historyCsv(folder), columns: undefined }
}

describe.concurrent('a run', () => {
  test('leaves a folder from which everything that it printed and wrote can be made again', async ({
    place,
    carryOut,
  }) => {
    const output = { summaryFile: join(place, 'sheet.csv'), csvPrefix: join(place, 'run') }
    const run = await carryOut({ runsDir: named(place), output }, 1500)
    const folder = onlyRun(place)
    expect(readdirSync(folder).sort()).toEqual(Object.values(FILES).sort())
    const source = printed(folder)
    expect(FORMATS.json(source)).toBe(run.stdout)
    expect(run.stderr.endsWith(FORMATS.text(source))).toBe(true) // with --json tables go there
    expect(FORMATS['summary-csv'](source)).toBe(text(place, 'sheet.csv'))
    expect(FORMATS['verdict-csv'](source)).toBe(text(place, 'run_verdict.csv'))
    expect(FORMATS['stats-csv'](source)).toBe(text(place, 'run_stats.csv'))
    expect(FORMATS['history-csv'](source)).toBe(text(place, 'run_stats_history.csv'))
    expect(FORMATS['failures-csv'](source)).toBe(text(place, 'run_failures.csv'))
    expect(FORMATS['exceptions-csv']()).toBe(text(place, 'run_exceptions.csv'))
    expect(text(folder, FILES.report)).toBe(run.stdout)
    const [second = '{}'] = text(folder, FILES.series).split('\n')
    expect(JSON.parse(second)).toMatchObject({ time: expect.stringMatching(/^20.*Z$/), fromS: 0, lengthS: 1 })
    expect(text(folder, FILES.summary)).toBe(FORMATS.text(source))
    expect(readRun(folder, systemClock())).toMatchObject({
      state: 'finished',
      outcome: { exitCode: EXIT.ok, error: null },
      plan: { target: { model: 'M' } },
    })
  })

  test('that goes on can be read, and says so', async ({ place, begin }) => {
    const run = begin({ runsDir: named(place), load: { runTimeS: 30 } })
    const worker = await run.worker()
    await worker.run()
    const folder = onlyRun(place)
    expect(readRun(folder, systemClock())).toMatchObject({ state: 'running', outcome: null, totals: null })
    worker.kill()
  })

  test('that could not be carried out has its plan and its error', async ({ place, begin }) => {
    const run = begin({ runsDir: named(place) })
    const worker = await run.worker()
    await worker.next('prepare')
    worker.send({ type: 'failed', code: 'TOKENIZER', message: 'none', hint: 'take one' })
    const error: LoadError = await run.ended.then(String, (error) => error)
    expect(readRun(onlyRun(place), systemClock())).toMatchObject({
      state: 'finished',
      outcome: { exitCode: error.exitCode, error: error.code },
      totals: null,
    })
  })
})

describe.concurrent('a place', () => {
  test('that is no folder is an error before the run if somebody named it', async ({ place, begin }) => {
    writeFileSync(join(place, 'file'), '')
    const run = begin({ runsDir: named(join(place, 'file/runs')) })
    await expect(run.ended).rejects.toMatchObject({
      code: 'OUTPUT_FILE',
      message: expect.stringMatching(/^--runs-dir: cannot make a folder in .*ENOTDIR/),
    })
  })

  test('that is no folder costs a warning if nobody named it', async ({ place, carryOut }) => {
    writeFileSync(join(place, 'file'), '')
    const run = await carryOut({ runsDir: { path: join(place, 'file/runs'), isNamed: false } })
    expect(await run.ended).toBe(EXIT.ok)
    expect(run.logged.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/^warn the run is not kept in the history: ENOTDIR/),
    ])
  })

  test.for([
    ['fails if somebody named it', true, EXIT.usage],
    ['ends as it would have if nobody named it', false, EXIT.ok],
  ] as const)('that goes away: the run is reported, warns once and %s', async ([, isNamed, code], { place, begin }) => {
    const run = begin({ runsDir: { path: join(place, 'runs'), isNamed }, load: { runTimeS: 0.5 } })
    const worker = await run.worker()
    const startAtMs = await worker.run()
    rmSync(join(place, 'runs'), { recursive: true })
    await instant(startAtMs + 500)
    await worker.report({ measured: statsData({ answered: 1 }) })
    await worker.drain()
    expect(await run.ended).toBe(code)
    expect(run.report.requests.succeeded).toBe(1)
    const said = run.logged.filter((line) => line.includes('of the run'))
    expect(said.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/^warn the folder of the run will not be complete: ENOENT/),
    ])
    expect(run.logged.some((line) => /^error --runs-dir: .* is not complete: ENOENT/.test(line))).toBe(isNamed)
  })

  test('that does not answer does not hold the end of the run up', async ({ place, begin }) => {
    const run = begin({ runsDir: { path: place, isNamed: false }, load: { runTimeS: 0.5 } })
    const worker = await run.worker()
    await worker.getReady()
    const folder = onlyRun(place)
    const series = pipe(join(folder, FILES.series)) // nobody reads on its other side
    const { startAtMs } = await worker.next('start')
    await instant(startAtMs + 500)
    worker.send({ type: 'started', lateByMs: 0 })
    await worker.report({ measured: statsData({ answered: 1 }) })
    await worker.drain()
    expect(await run.ended).toBe(EXIT.ok)
    expect(run.logged).toContain('warn the folder of the run will not be complete: the disk has not answered for 5 s')
    expect(readRun(folder, systemClock())).toMatchObject({ state: 'finished', outcome: { exitCode: EXIT.ok } })
    await once(spawn('cat', [series], { stdio: 'ignore' }), 'exit') // lets go of the thread that waits for a reader
  }, 20_000)

  test('that is slow costs lines of the seconds, and the run says how many', async ({ place, onTestFinished }) => {
    const warnings: string[] = []
    const log = { debug() {}, info() {}, warn: (_: object, words: string) => void warnings.push(words), error() {} }
    const folder = new RunFolder({
      ...{ runsDir: named(place), clock: systemClock(), log, logLines: null, stdoutColumns: undefined },
    })
    folder.open({ ...makePlan(configOf(), { runId: randomUUID(), baseUrl: 'http://h', model: 'M' }) }, '1.2.3')
    const history = pipe(join(onlyRun(place), FILES.history))
    folder.begin(new History(), 0)
    const current = tableRows([], () => ({ reqPerS: 0, failPerS: 0 }))
    const record = () => {
      throw new Error('no checkpoint is due')
    }
    const live = {
      stats: new Stats(),
      current,
      total: current,
      users: 1,
      second: 1,
      record,
    } as const
    for (let s = 0; s < 1000; s++) folder.onSecond({ ...live, wallMs: 1000 * s })
    const reader = spawn('wc', ['-l', history], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void reader.kill())
    const [[lines]] = await Promise.all([once(reader.stdout, 'data'), folder.close(EXIT.ok, null)])
    const missing = 1 + 1000 - Number.parseInt(String(lines), 10)
    expect(missing).toBeGreaterThan(0)
    expect(warnings).toEqual([
      `series.ndjson and stats_history.csv lack ${missing} lines, for which the disk was too slow`,
    ])
  })
})

describe.concurrent('a folder', () => {
  test('of another format, or with a broken file, says what is wrong and what can be done', async ({
    place,
    carryOut,
  }) => {
    await carryOut({ runsDir: named(place) })
    const folder = onlyRun(place)
    const read = () => readRun(folder, systemClock())
    const totals = text(folder, FILES.totals)
    writeFileSync(join(folder, FILES.totals), totals.slice(0, 1000))
    expect(read).toThrow(/totals\.json is not what this version of llmload writes$/)
    writeFileSync(join(folder, FILES.totals), totals.replace('"succeeded":5', '"succeeded":"5"'))
    expect(read).toThrow(/totals\.json is not what this version of llmload writes$/)
    const environment = JSON.parse(text(folder, FILES.environment))
    writeFileSync(join(folder, FILES.environment), JSON.stringify({ ...environment, format: 2, llmload: '9.0.0' }))
    expect(read).toThrow(/it was written by llmload 9\.0\.0 in format 2, and this version reads format 1$/)
    rmSync(join(folder, FILES.environment))
    expect(read).toThrow(expect.objectContaining({ code: 'RUN_FOLDER', exitCode: EXIT.usage }))
  })

  test('whose last second was being written when the process died has the others', async ({ place, carryOut }) => {
    await carryOut({ runsDir: named(place) })
    const folder = onlyRun(place)
    const rows = historyCsv(folder)
    writeFileSync(join(folder, FILES.history), '1700000000,4,,Agg', { flag: 'a' })
    expect(historyCsv(folder)).toBe(rows)
  })

  test('is found by the beginning of its name or of its id, and must be the only one', async ({ place }) => {
    const names = ['20261125T073012Z-1a2b3c4d', '20261125T073013Z-1a77aaaa', '20261124T000000Z-ffffffff']
    for (const name of [...names, 'notes']) execFileSync('mkdir', [join(place, name)])
    const [first = '', second = '', third = ''] = names.map((name) => join(place, name))
    expect(runFolders(place)).toEqual([second, first, third])
    expect(findRun('latest', place)).toBe(second)
    expect(findRun('1a2', place)).toBe(first)
    expect(findRun('20261124', place)).toBe(third)
    expect(findRun(third, '/nowhere')).toBe(third)
    expect(() => findRun('1a', place)).toThrow(/^'1a' may be any of 20261125T073013Z-1a77aaaa, 20261125T073012Z-/)
    expect(() => findRun('zz', place)).toThrow(`no run 'zz' is kept in ${place}`)
    expect(() => findRun('latest', join(place, 'none'))).toThrow(/^no run is kept in /)
  })
})

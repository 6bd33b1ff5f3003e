import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunReport } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { type Ended, folder, Llmload, sim } from './support/llmload.js'
import { Loopback, until } from './support/loopback.js'

const LOAD = '-p 20 -o 10 --qps 20 -u 20 -r 1000 --headless'.split(' ')

/** A place for runs, and `llmload` in it. */
function history() {
  const place = folder()
  const env = { XDG_STATE_HOME: place }
  const runsDir = join(place, 'llmload', 'runs')
  const start = (args: readonly string[], within: readonly string[] = []) => new Llmload(args, env, within)
  return {
    runsDir,
    start,
    run: (...args: string[]): Promise<Ended> => start(args).ended,
    /** The only run. */
    folder: (): string => join(runsDir, readdirSync(runsDir)[0] ?? ''),
  }
}

const read = (...path: string[]): string => readFileSync(join(...path), 'utf8')

describe('a run that came to its end', () => {
  test('is listed, and all that it printed and wrote is made again, equal to the byte', async () => {
    const { url } = await sim('--fail-every', '5')
    const { run, folder: runFolder } = history()
    const files = folder()
    const output = ['--csv', join(files, 'x'), '--summary-file', join(files, 'x.csv'), '--max-fail-ratio', '1']
    const ended = await run('-H', url, ...LOAD, '-t', '3s', ...output, '--only-summary')
    expect(ended.code).toBe(0)
    const formats = {
      text: ended.stdout,
      json: read(runFolder(), 'report.json'),
      'summary-csv': read(files, 'x.csv'),
      'verdict-csv': read(files, 'x_verdict.csv'),
      'stats-csv': read(files, 'x_stats.csv'),
      'history-csv': read(files, 'x_stats_history.csv'),
      'failures-csv': read(files, 'x_failures.csv'),
      'exceptions-csv': read(files, 'x_exceptions.csv'),
    }
    const again = Object.keys(formats).map(async (format) => [format, await run('report', '--format', format)])
    const expected = Object.entries(formats).map(([format, stdout]) => [format, { code: 0, stdout, stderr: '' }])
    expect(await Promise.all(again)).toEqual(expected)
    const { requests, plan, verdict }: RunReport = JSON.parse(formats.json)
    expect(requests.failed).toBeGreaterThan(0)
    const { stdout } = await run('runs')
    const [header = '', line = '', ...more] = stdout.trimEnd().split('\n')
    expect(header).toMatch(/^Run +Started \(UTC\) +Target +Model +Load +Window s +Requests +Failed % /)
    expect(line).toMatch(new RegExp(`^${plan.runId.slice(0, 8)}  20.* ${url} .*20 qps, 20 users .* ${verdict} +0$`))
    expect(more).toEqual([])
    expect(JSON.parse((await run('runs', '--json')).stdout)).toMatchObject([
      { state: 'finished', exitCode: 0, requests: requests.sent, target: url },
    ])
    expect(read(runFolder(), 'llmload.log')).toBe(ended.stderr)
  })

  test('leaves nothing with --no-history', async () => {
    const { url } = await sim()
    const { run, runsDir } = history()
    expect((await run('-H', url, ...LOAD, '-t', '1s', '--no-history')).code).toBe(0)
    expect(existsSync(runsDir)).toBe(false)
    expect(await run('runs')).toMatchObject({ code: 0, stdout: `no run is kept in ${runsDir}\n` })
  })
})

test('a run whose master was killed has the numbers of its last checkpoint', async () => {
  const { url } = await sim()
  const { run, start, folder: runFolder } = history()
  const master = start(['-H', url, ...LOAD, '-t', '1h'])
  await master.says(/All users spawned/)
  await until(() => existsSync(join(runFolder(), 'totals.json')))
  expect(await run('report')).toMatchObject({ stderr: 'the run goes on; these are its numbers until 10 s\n' })
  master.signal('SIGKILL')
  await master.ended
  const { code, stdout, stderr } = await run('report', 'latest')
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: 'the run did not finish; these are its numbers until 10 s\n',
  })
  expect(stdout).toMatch(/measured for \d+\.\d s from the moment .*, up to where its numbers were saved last/)
  const { requests, window }: RunReport = JSON.parse((await run('report', '--format', 'json')).stdout)
  expect(window).toMatchObject({ phase: 'measured', endedBy: 'unfinished' })
  // 20 a second, of which the worker has not reported those of the last second or two.
  expect(requests.sent).toBeGreaterThan(20 * (window.lengthS - 2.5))
  expect(requests.sent).toBeLessThan(20 * (window.lengthS + 0.5))
  expect((await run('runs')).stdout).toMatch(/ crashed\n$/)
})

/** Ways to a disk that is full, and why one cannot be had here. */
const FULL_DISKS = [
  {
    name: 'a limit of 10 KiB a file',
    within: () => ['sh', '-c', 'ulimit -f 20 && exec "$@"', 'sh'],
    error: /EFBIG/,
    why: null,
  },
  {
    name: 'a disk of 32 KiB',
    within: (place: string) => [
      ...['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o size=32k tmpfs '${place}' && exec "$@"`, 'sh'],
    ],
    error: /ENOSPC/,
    why: whyNoMounts(),
  },
]

function whyNoMounts(): string | null {
  try {
    execFileSync('sh', ['-c', 'unshare -m mount -t tmpfs tmpfs /mnt'], { stdio: 'ignore' })
    return null
  } catch {
    return 'needs the right to mount'
  }
}

describe.for(FULL_DISKS)('$name', ({ within, error, why }) => {
  test('costs a warning, and the run is printed, where nobody named the place', async (context) => {
    context.skip(why !== null, why ?? '')
    const { url } = await sim()
    const place = folder()
    const env = { XDG_STATE_HOME: place }
    const { code, stdout, stderr } = await new Llmload(['-H', url, ...LOAD, '-t', '2s'], env, within(place)).ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/Num Requests +: 40\n/)
    expect(stderr.match(/WARNING.*the folder of the run will not be complete/g)).toHaveLength(1)
    expect(stderr).toMatch(error)
  })

  test('costs the exit code, not the run, where somebody named it', async (context) => {
    context.skip(why !== null, why ?? '')
    const { url } = await sim()
    const place = folder()
    const args = ['-H', url, ...LOAD, '-t', '2s', '--runs-dir', place]
    const { code, stdout, stderr } = await new Llmload(args, {}, within(place)).ended
    expect(code).toBe(2)
    expect(stdout).toMatch(/Num Requests +: 40\n/)
    expect(stderr).toMatch(/ERROR.*--runs-dir: .* is not complete/)
  })
})

test('no secret is in the folder of a run, not even where the server quotes it', async () => {
  const loopback = new Loopback()
  const secrets = ['sk-secret-key-1', 'header-secret-2', 'token-secret-3', 'control-secret-4']
  try {
    const url = await loopback.respond((response, { method, headers }) => {
      if (method === 'GET') response.end('{"data": [{"id": "M"}]}')
      else
        response
          .writeHead(401)
          .end(JSON.stringify({ error: { message: `who is ${headers.authorization} ${headers['x-team']}` } }))
    })
    const { runsDir } = history()
    const env = {
      ...{ LLMLOAD_API_KEY: secrets[0] ?? '', LLMLOAD_HEADER: `x-team: ${secrets[1]}` },
      ...{ LLMLOAD_TOKEN: secrets[2] ?? '', LLMLOAD_CONTROL_TOKEN: secrets[3] ?? '' },
    }
    const args = [
      '-H',
      url,
      ...LOAD,
      '-t',
      '2s',
      '--runs-dir',
      runsDir,
      '--loglevel',
      'DEBUG',
      '--csv',
      join(folder(), 'x'),
    ]
    expect((await new Llmload(args, env).ended).code).toBe(1)
    const [name = ''] = readdirSync(runsDir)
    const files = readdirSync(join(runsDir, name))
    expect(files).toHaveLength(10)
    const all = files.map((file) => read(runsDir, name, file)).join('')
    expect(all).toContain('HTTP 401')
    for (const secret of secrets) expect(all).not.toContain(secret)
  } finally {
    await loopback.close()
  }
})

describe('what cannot be read is said, with exit code 2:', () => {
  test.each([
    ['no run at all', ['report'], /^llmload: RUN_FOLDER: no run is kept in .*\n {2}llmload runs lists/],
    ['a run that is not there', ['report', '1a2b'], /^llmload: RUN_FOLDER: no run '1a2b' is kept in /],
    [
      'a folder of something else',
      ['report', '/'],
      /^llmload: RUN_FOLDER: \/ cannot be read: it has no environment\.json\n/,
    ],
    ['two runs', ['report', 'a', 'b'], /^llmload: BAD_OPTIONS: unexpected argument 'b'/],
    ['another format', ['report', '--format', 'xml'], /^llmload: BAD_OPTIONS: --format must be one of text, json, /],
    ['a number that is none', ['runs', 'many'], /^llmload: BAD_OPTIONS: the number of runs must be a whole number/],
  ])('%s', async (_story, args, words) => {
    const { run } = history()
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
  })

  test('a folder of another version, which llmload runs lists all the same', async () => {
    const { run, runsDir } = history()
    const name = '20261125T073012Z-1a2b3c4d'
    mkdirSync(join(runsDir, name), { recursive: true })
    writeFileSync(join(runsDir, name, 'environment.json'), '{"format": 7, "llmload": "9.9.9"}')
    const { code, stderr } = await run('report')
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /it was written by llmload 9\.9\.9 in format 7, and this version reads format 1\n {2}read it with/,
    )
    expect((await run('runs')).stdout).toMatch(new RegExp(`\n${name} .* unreadable\n$`))
  })

  test('a place that somebody named and that cannot be made, before any request', async () => {
    const { url } = await sim()
    const place = join(folder(), 'file')
    writeFileSync(place, '')
    const { run } = history()
    const { code, stderr } = await run('-H', url, ...LOAD, '-t', '1s', '--runs-dir', place)
    expect(code).toBe(2)
    expect(stderr).toMatch(/llmload: OUTPUT_FILE: --runs-dir: cannot make a folder in .*\n {2}name another place/)
    expect(stderr).not.toContain('Ramping')
  })
})

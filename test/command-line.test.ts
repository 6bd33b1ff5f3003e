import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

const LLMLOAD = fileURLToPath(new URL('../packages/cli/bin/llmload.js', import.meta.url))
const { version } = JSON.parse(readFileSync(new URL('../packages/cli/package.json', import.meta.url), 'utf8'))

const folder = mkdtempSync(join(tmpdir(), 'llmload-e2e-'))
afterAll(() => rmSync(folder, { recursive: true }))

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/** An `llmload` process, its output so far, and what it ends with. */
function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [LLMLOAD, ...args], { cwd: folder, env: { PATH: process.env.PATH, ...env } })
  started.push(child)
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }))
  return { child, output, ended }
}

const run = (args: readonly string[], env?: Record<string, string>) => start(args, env).ended

async function until(process: ReturnType<typeof start>, text: string): Promise<void> {
  while (!process.output.stdout.includes(text) && !process.output.stderr.includes(text)) {
    const end = await Promise.race([
      once(process.child.stderr, 'data'),
      once(process.child.stdout, 'data'),
      process.ended,
    ])
    if ('code' in end) throw new Error(`ended with ${end.code} before it said '${text}': ${end.stderr}`)
  }
}

const urlOf = (sim: ReturnType<typeof start>): string => /http:\S+(?=;)/.exec(sim.output.stdout)?.[0] ?? ''

/** Arguments of the living children of a process, by their ids. */
function childrenOf(pid: number | undefined): Map<number, string> {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return new Map(
    ids.flatMap((id) => {
      try {
        const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${id}/stat`, 'utf8')) ?? []
        const args = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return Number(parent) === pid ? [[Number(id), args] as const] : []
      } catch {
        return [] // it has just ended
      }
    }),
  )
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('llmload', () => {
  test('--version prints it', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `llmload ${version}\n`, stderr: '' })
  })

  test.each([[['--help']], [['sim', '--help']], [['-u', '5', '-h']]])('%s prints help on stdout', async (args) => {
    const { code, stdout, stderr } = await run(args, { LLMLOAD_API_KEY: 'sk-secret-1' })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Usage:')
    expect(stdout).not.toContain('sk-secret-1')
  })

  test('lists everything that is wrong with flags, variables and file, shows no secret and exits with 2', async () => {
    const config = join(folder, 'bad.yaml')
    writeFileSync(config, 'usres: 5\n')
    const args = ['--config', config, '-u', '0', '--qsp', '1', '-k', 'sk-secret-☃', '--header', 'Bearer sk-secret-2']
    const { code, stdout, stderr } = await run(args, { LLMLOAD_RUN_TIME: '5d' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('llmload: BAD_OPTIONS: 6 problems\n')
    for (const name of ['--qsp', 'usres in bad.yaml', '-k', '--header', '-u', 'LLMLOAD_RUN_TIME']) {
      expect(stderr).toMatch(new RegExp(`^  \\d\\. ${name} `, 'm'))
    }
    expect(stderr).not.toContain('sk-secret')
  })

  test('takes flags before variables before the config file', async () => {
    const config = join(folder, 'worker.toml')
    writeFileSync(config, 'worker = true\nmaster-host = "127.0.0.3"\nmaster-port = 3\nloglevel = "DEBUG"\n')
    const env = { LLMLOAD_CONFIG: config, LLMLOAD_MASTER_HOST: '127.0.0.2', LLMLOAD_MASTER_PORT: '2' }
    const { code, stderr } = await run(['--master_port=1', '--master-max-wait', '2s'], env)
    expect(code).toBe(3)
    expect(stderr).toContain('llmload: MASTER_UNREACHABLE: ')
    expect(stderr).toContain('ws://127.0.0.2:1/worker')
  })

  test('says that a log file cannot be written before anything runs', async () => {
    const { code, stderr } = await run(['-H', 'sim', '--logfile', join(folder, 'none', 'log')])
    expect(code).toBe(2)
    expect(stderr).toContain('llmload: OUTPUT_FILE: the log file cannot be written')
  })
})

describe('the processes of a run', () => {
  const ENDLESS = [
    '-H',
    'sim',
    '--qps',
    '20',
    '-u',
    '5',
    '-r',
    '5',
    '-p',
    '20',
    '-o',
    '5',
    '--processes',
    '2',
    '--headless',
  ]
  const SECRETS = { LLMLOAD_TOKEN: 'token-secret' }

  test('have no secret among their arguments; Ctrl-C reports the run and ends them all', async (context) => {
    if (process.platform !== 'linux') context.skip('reads /proc')
    const load = start([...ENDLESS, '-k', 'sk-secret-1', '--header', 'x-team:team-secret'], SECRETS)
    await until(load, 'All users spawned')
    const children = childrenOf(load.child.pid)
    const args = [...children.values()].sort().map((line) => line.replace(/^.*llmload\.js /, '').replace(/\d+/g, 'N'))
    expect(args).toHaveLength(3)
    expect(args.join('\n')).toMatch(/^--worker .*\n--worker .*\nsim /)
    expect(args.join('\n')).not.toContain('secret')

    load.child.kill('SIGINT')
    const { code, stdout, stderr } = await load.ended
    expect({ code, reported: stdout.includes('P99.9 Total Latency') }).toEqual({ code: 0, reported: true })
    expect(stdout + stderr).not.toContain('secret')
    expect([...children.keys()].filter(isAlive)).toEqual([])
  })

  test('end by themselves when their parent is killed', async (context) => {
    if (process.platform !== 'linux') context.skip('reads /proc')
    const load = start(ENDLESS)
    await until(load, 'All users spawned')
    const children = [...childrenOf(load.child.pid).keys()]
    expect(children).toHaveLength(3)
    load.child.kill('SIGKILL')
    await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([])
  })
})

describe('Ctrl-C', () => {
  test('once lets requests in flight finish, twice cancels them; both end in a report', async () => {
    const sim = start(['sim', '--port', '0', '--itl-ms', '1000'])
    await until(sim, 'listens on')
    const load = start([
      '-H',
      urlOf(sim),
      '-u',
      '2',
      '-r',
      '2',
      '-p',
      '100',
      '-o',
      '100',
      '--headless',
      '--only-summary',
    ])
    await until(load, 'All users spawned')
    load.child.kill('SIGINT')
    await until(load, 'no new requests')
    expect(load.child.exitCode).toBeNull()
    load.child.kill('SIGINT')
    const { code, stdout } = await load.ended
    // Nobody had an answer: that is a failed test, and not one that went well.
    expect({ code, reported: stdout.includes('until interrupted') }).toEqual({ code: 1, reported: true })
  }, 20_000)
})

describe('llmload sim', () => {
  test('serves until it is told to end', async () => {
    const sim = start(['sim', '--port', '0', '--model', 'tiny'])
    await until(sim, 'listens on')
    expect(await (await fetch(`${urlOf(sim)}/v1/models`)).text()).toContain('"tiny"')
    sim.child.kill('SIGTERM')
    expect(await sim.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('lists everything that is wrong with its options', async () => {
    const { code, stderr } = await run(['sim', '--prot', '1', '--ttft-ms', 'soon'])
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean --port?')
    expect(stderr).toContain('--ttft-ms')
  })
})

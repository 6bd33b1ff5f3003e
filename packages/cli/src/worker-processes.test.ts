import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { childEnv, type WorkerCommand, Workers } from './worker-processes.js'

const folder = mkdtempSync(join(tmpdir(), 'llmload-workers-'))
afterAll(() => rmSync(folder, { recursive: true }))

const COMMAND: WorkerCommand = {
  count: 2,
  masterHost: '127.0.0.1',
  masterPort: 5557,
  token: 'token-secret',
  tls: null,
  logLevel: 'INFO',
  showLog: false,
}

const started: Workers[] = []
afterEach(() => Promise.all(started.splice(0).map((workers) => workers.stop())))

function start(script: string, command: Partial<WorkerCommand> = {}, goodbyeMs = 5000): Workers {
  const file = join(folder, 'program.mjs')
  writeFileSync(file, script)
  const workers = new Workers({ ...COMMAND, ...command }, [process.execPath, file], goodbyeMs)
  started.push(workers)
  return workers
}

describe('worker processes', () => {
  test('are told their master by arguments, and the token by a variable', async () => {
    const { exited } = start(
      'console.error(process.argv.slice(2).join(" "), process.env.LLMLOAD_TOKEN); process.exitCode = 1',
      { count: 1 },
    )
    expect((await exited).stderrTail).toBe(
      '--worker --master-host 127.0.0.1 --master-port 5557 --loglevel INFO token-secret\n',
    )
  })

  test.each([
    [{ masterFingerprint: 'sha256:00', caFile: null }, '--master-fingerprint sha256:00'],
    [{ masterFingerprint: null, caFile: 'ca.pem' }, '--tls-ca ca.pem'],
    [{ masterFingerprint: null, caFile: null }, '--tls'],
  ])('know the master by %o', async (tls, flags) => {
    const { exited } = start('console.error(process.argv.slice(2).join(" ")); process.exitCode = 1', { count: 1, tls })
    expect((await exited).stderrTail).toBe(
      `--worker --master-host 127.0.0.1 --master-port 5557 --loglevel INFO ${flags}\n`,
    )
  })

  test('the first that ends by itself is reported, with its last words', async () => {
    const { exited } = start('console.error("no luck"); process.exitCode = 3')
    expect(await exited).toMatchObject({ code: 3, signal: null, stderrTail: 'no luck\n' })
  })

  test('of long last words the end is kept', async () => {
    const { exited } = start('process.stderr.write("x".repeat(100_000) + "the end"); process.exitCode = 3', {
      count: 1,
    })
    const { stderrTail } = await exited
    expect(stderrTail.endsWith('xthe end')).toBe(true)
    expect(stderrTail.length).toBeLessThan(10_000)
  })

  test('one that cannot be started has ended', async () => {
    const workers = new Workers({ ...COMMAND, count: 1 }, ['/no/such/program'])
    expect((await workers.exited).stderrTail).toContain('ENOENT')
  })

  test('that do not go when they are told to are ended by force', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const script = `
      process.on('SIGTERM', () => {})
      const { connect } = await import('node:net')
      connect(${port}, '127.0.0.1')`
    const workers = start(script, { count: 1 }, 50)
    const [socket] = await once(server, 'connection') // its handler stands
    socket.on('error', () => {})
    await workers.stop()
    expect((await workers.ends)[0]?.signal).toBe('SIGKILL')
    server.close()
  })

  test('ends after a stop are no news', async () => {
    const workers = start('setInterval(() => {}, 1000)')
    await workers.stop()
    const news = await Promise.race([workers.exited, Promise.resolve('none')])
    expect(news).toBe('none')
  })

  test('get our environment, but none of our settings', () => {
    const env = {
      PATH: '/bin',
      HF_TOKEN: 'hf',
      LLMLOAD_API_KEY: 'sk-secret',
      LLMLOAD_MASTER: '1',
      LLMLOAD_TOKEN: 'old',
    }
    expect(childEnv(env, 'new')).toEqual({ PATH: '/bin', HF_TOKEN: 'hf', LLMLOAD_TOKEN: 'new' })
    expect(childEnv(env, null)).toEqual({ PATH: '/bin', HF_TOKEN: 'hf' })
  })
})

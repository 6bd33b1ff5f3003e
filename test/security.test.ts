import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { PROTOCOL_VERSION, type RunReport } from '../packages/core/src/index.js'
import { folder, Llmload, llmload, sim } from './support/llmload.js'

const { version } = JSON.parse(readFileSync(new URL('../packages/cli/package.json', import.meta.url), 'utf8'))

/** A port of this host that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function serve(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** Runs a command where it writes its files. */
const inFolder = (path: string): string[] => ['sh', '-c', 'cd "$0" && exec "$@"', path]

/** Every file below a folder. */
function filesIn(path: string): string[] {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
  return names.filter((name) => statSync(name).isFile())
}

/** A process and all that it has started, as far as they live. */
function family(pid: number): number[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = ids.flatMap((id) => {
    try {
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${id}/stat`, 'utf8')) ?? []
      return [{ id: Number(id), parent: Number(parent) }]
    } catch {
      return [] // it has just ended
    }
  })
  const childrenOf = (parent: number): number[] =>
    parents.filter((process) => process.parent === parent).flatMap(({ id }) => [id, ...childrenOf(id)])
  return [pid, ...childrenOf(pid)]
}

const argumentsOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')

/** The most memory that a process has had; 0 if it has just ended. */
const peakOf = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024

const SHORT_LOAD = '-p 20 -o 3 --qps 20 -u 10 -r 100 -t 2s --headless'.split(' ')

describe('secrets', () => {
  const SECRETS = {
    LLMLOAD_API_KEY: 'sk-SECRET-of-the-api',
    LLMLOAD_HEADER: 'x-user: Basic SECRETofbasic==\nx-quoted: "SECRET" in quotes',
    LLMLOAD_TOKEN: 'SECRET-of-the-workers',
    LLMLOAD_VIEW_TOKEN: 'SECRET-of-the-viewers',
    LLMLOAD_CONTROL_TOKEN: 'SECRET-of-controllers',
  }

  /** A server that turns half of all requests down, with what it was shown in its words. */
  const babbler = () =>
    createServer((request, response) => {
      const { authorization, 'x-user': user, 'x-quoted': quoted } = request.headers
      if (request.method === 'GET') return response.end('{"data": [{"id": "M"}]}')
      request.resume()
      response.writeHead(401, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { message: `wrong: ${authorization} ${user} ${quoted}` } }))
    })

  test('are in nothing that a run writes or prints, and in no argument list', async (context) => {
    if (process.platform !== 'linux') context.skip('reads /proc')
    const results = folder()
    const port = await serve(babbler())
    const files = ['--summary-file', 'summary.csv', '--csv', 'stats', '--request-log', 'requests.ndjson']
    const run = new Llmload(
      [
        ...['-H', `http://127.0.0.1:${port}`, '--provider', 'openai', '--processes', '2', ...SHORT_LOAD, ...files],
        ...['--max-fail-ratio', '1', '--runs-dir', 'runs', '--loglevel', 'DEBUG', '--logfile', 'log'],
      ],
      SECRETS,
      inFolder(results),
    )
    await run.says(/wrong: /)
    const processes = family(run.pid).map(argumentsOf)
    const { stdout, stderr } = await run.ended
    expect(processes.length).toBeGreaterThanOrEqual(3)
    expect(processes.join('\n')).not.toContain('SECRET')
    expect(stdout).toContain('HTTP 401: wrong: Bearer [hidden] [hidden] [hidden]')
    expect(stdout + stderr).not.toContain('SECRET')
    const written = filesIn(results)
    expect(written.length).toBeGreaterThanOrEqual(10)
    for (const file of written) expect(readFileSync(file, 'utf8'), file).not.toContain('SECRET')
  })

  test('are in no error message before the run', async () => {
    const port = await serve(
      createServer((request, response) => void response.writeHead(401, { ...request.headers }).end()),
    )
    const { code, stderr } = await new Llmload(['-H', `http://127.0.0.1:${port}`, ...SHORT_LOAD], SECRETS).ended
    expect(code).toBe(3)
    expect(stderr).toContain('TARGET_REFUSED')
    expect(stderr).not.toContain('SECRET')
  })

  test.each(['http://me:pa/SECRET@w0rd@127.0.0.1:9', 'me:SECRET@127.0.0.1:9', 'http://me:SECRET@127.0.0.1:9'])(
    'are not repeated of %s',
    async (url) => {
      const { code, stderr } = await llmload('-H', url, ...SHORT_LOAD)
      expect(code).toBe(2)
      expect(stderr).toContain('…@')
      expect(stderr).not.toContain('SECRET')
    },
  )

  test('that a master makes are on the screen, and not in the log', async () => {
    const results = folder()
    const { url } = await sim()
    const flags = [
      '--master',
      '--master-bind-host',
      '0.0.0.0',
      '--master-port',
      '0',
      '--runs-dir',
      'runs',
      '--logfile',
      'log',
    ]
    const master = new Llmload(['-H', url, ...SHORT_LOAD, ...flags], {}, inFolder(results))
    const [, token = ''] = await master.says(/^LLMLOAD_TOKEN=([\w-]{32}) npx llmload --worker /m)
    master.signal('SIGINT')
    await master.ended
    expect(readFileSync(join(results, 'log'), 'utf8')).toContain('Waiting for workers')
    for (const file of filesIn(results)) expect(readFileSync(file, 'utf8')).not.toContain(token)
  })
})

describe('TLS', () => {
  async function master(...flags: string[]) {
    const port = await freePort()
    const { url } = await sim()
    const run = new Llmload([
      '-H',
      url,
      ...SHORT_LOAD,
      '--json',
      '--master',
      '--master-port',
      `${port}`,
      '--tls',
      ...flags,
    ])
    const [, fingerprint = ''] = await run.says(/--master-fingerprint (\S+)/)
    return { run, port: `${port}`, fingerprint }
  }

  test('is between a master and the worker that has its fingerprint, and those that it starts', async () => {
    const { run, port, fingerprint } = await master('--processes', '1', '--expect-workers', '2')
    const worker = new Llmload(['--worker', '--master-port', port, '--master-fingerprint', fingerprint])
    const { code, stdout } = await run.ended
    expect(code).toBe(0)
    const report = JSON.parse(stdout) as RunReport
    expect(report.workers).toHaveLength(2)
    expect(report.requests.sent).toBe(40)
    expect((await worker.ended).code).toBe(0)
  })

  test('shows the worker with another fingerprint both, at once', async () => {
    const { port, fingerprint } = await master()
    const other = `sha256:${'0'.repeat(64)}`
    const { code, stderr } = await llmload('--worker', '--master-port', port, '--master-fingerprint', other)
    expect(code).toBe(3)
    expect(stderr).toContain(
      `MASTER_REFUSED: the master at wss://127.0.0.1:${port}/worker shows the certificate ${fingerprint}, not ${other}`,
    )
  })

  test('is asked for with files that are read before anything else', async () => {
    const { code, stderr } = await llmload('-H', 'http://127.0.0.1:9', '--tls-cert', '/none', '--tls-key', '/none')
    expect(code).toBe(2)
    expect(stderr).toContain('BAD_OPTIONS: --tls-cert cannot be read: ENOENT')
  })
})

describe('a hostile client', () => {
  const HELLO = { type: 'hello', protocol: PROTOCOL_VERSION, version, host: 'hostile', pid: 1 }
  const PATIENT = { handshakeTimeout: 5000, perMessageDeflate: false }

  async function join(port: number): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/worker`, PATIENT)
    socket.on('error', () => {})
    onTestFinished(() => socket.terminate())
    await new Promise((resolve) => socket.once('open', resolve).once('close', resolve))
    return socket
  }

  function dial(port: number, text: string): Socket {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    socket.write(text)
    return socket
  }

  const UPGRADE = [
    ...['GET /worker HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '', ''],
  ].join('\r\n')

  const MANY = 4 * 1024 * 1024 - 1000
  const FRAMES = [
    'not JSON',
    '"'.padEnd(MANY, 'x').concat('"'),
    '['.repeat(MANY / 2).concat(']'.repeat(MANY / 2)),
    '{"type":"shutdown"}',
    JSON.stringify({ ...HELLO, version: '0.0.0' }),
    JSON.stringify({ ...HELLO, protocol: 99 }),
    JSON.stringify({ ...HELLO, host: 'x'.repeat(1e6) }),
    `{"__proto__":{"type":"hello"},${JSON.stringify(HELLO).slice(1)}`,
    JSON.stringify({ ...HELLO, resume: { runId: 'r', workerId: 'w', key: 'k', heard: 0 } }),
    JSON.stringify(HELLO), // the run has begun, or it is one worker more that never gets ready
    '{"type":"delta","seq":1}',
  ]

  const FLOODS = [
    (socket: WebSocket) => socket.ping(),
    (socket: WebSocket) => socket.send('{"type":"heartbeat"}'),
    (socket: WebSocket) => socket.send('x', { fin: false }),
  ]

  function knock(port: number): void {
    for (let i = 0; i < 300; i++) dial(port, i % 2 ? 'GET /health HTTP/1.1\r\nHost: lo' : '\x16\x03\x01\0garbage')
    dial(port, UPGRADE).write(Buffer.from('81ff000000004000000000000000', 'hex')) // a frame of 1 GB
    dial(port, 'POST /api/stop HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n')
    dial(port, `GET /metrics HTTP/1.1\r\nHost: localhost\r\n${'x: y\r\n'.repeat(5000)}\r\n`)
  }

  async function flood(port: number, say: (socket: WebSocket) => void): Promise<void> {
    const socket = await join(port)
    for (let i = 0; i < 6000 && socket.readyState === WebSocket.OPEN; i++) say(socket)
  }

  /** All at once, as often as there is time; returns the most memory that the master had. */
  async function attack(port: number, run: Llmload): Promise<number> {
    let peakBytes = 0
    const attacks = [
      ...FRAMES.map((frame) => () => replay(port, frame)),
      ...FLOODS.map((say) => () => flood(port, say)),
    ]
    for (let i = 0; run.isRunning; i++) {
      if (i % attacks.length === 0) knock(port)
      peakBytes = Math.max(peakBytes, peakOf(run.pid))
      await attacks[i % attacks.length]?.()
    }
    return peakBytes
  }

  async function replay(port: number, frame: string): Promise<void> {
    const socket = await join(port)
    if (socket.readyState !== WebSocket.OPEN) return
    socket.send(frame)
    socket.send(frame)
  }

  test('changes nothing in a run that goes on, whatever it sends', async (context) => {
    if (process.platform !== 'linux') context.skip('reads /proc')
    const port = await freePort()
    const { url } = await sim()
    const load = '-p 20 -o 3 --qps 50 -u 40 -r 100 -t 5s --headless --json'.split(' ')
    const run = new Llmload(['-H', url, ...load, '--master', '--processes', '2', '--master-port', `${port}`])
    await run.says(/All users spawned/)
    const quietBytes = peakOf(run.pid)
    const peakBytes = await attack(port, run)
    expect(peakBytes - quietBytes).toBeLessThan(100 * 2 ** 20)
    const { code, stdout } = await run.ended
    expect(code).toBe(0)
    const report = JSON.parse(stdout) as RunReport
    expect(report.requests).toMatchObject({ sent: 250, succeeded: 250, failed: 0 })
    expect(report.workers.map(({ lost, missingDeltas }) => ({ lost, missingDeltas }))).toEqual([
      { lost: null, missingDeltas: 0 },
      { lost: null, missingDeltas: 0 },
    ])
  })

  test('that is a worker does not drive the terminal, nor forge a line of the log', async () => {
    const port = await freePort()
    const { url } = await sim()
    const flags = ['--master', '--master-port', `${port}`, '--processes', '1', '--expect-workers', '1']
    const run = new Llmload(['-H', url, ...SHORT_LOAD, '--json', ...flags])
    await run.says(/Waiting for workers/)
    const hostile = await join(port)
    hostile.send(JSON.stringify(HELLO))
    hostile.send(
      JSON.stringify({ type: 'warning', message: '\u001b[2J\n[2026-11-25 00:40:43,424] host/INFO/llmload: fine' }),
    )
    await run.says(/worker hostile-1: .*\n.*fine/)
    run.signal('SIGINT')
    const { stderr } = await run.ended
    expect(stderr).not.toContain('\u001b[2J')
    expect(stderr).not.toMatch(/^\[2026-11-25 00:40:43,424\]/m)
  })
})

describe('a hostile master', () => {
  async function endOfWorkerOf(say: (socket: WebSocket) => void): Promise<{ code: number | null; stderr: string }> {
    const server = createServer()
    new WebSocketServer({ server }).on('connection', (socket) => {
      socket.on('error', () => {})
      socket.once('message', () => say(socket)) // its hello
    })
    const port = await serve(server)
    return new Llmload(['--worker', '--master-port', `${port}`, '--master-max-wait', '1s']).ended
  }

  const welcome = { type: 'welcome', runId: 'r', workerId: 'w', key: 'k', graceMs: 500 }

  test.each([
    { story: 'no JSON', frames: ['hello there'] },
    { story: 'a list', frames: ['[]'] },
    { story: 'an order that does not exist', frames: ['{"type":"eval","code":"process.exit()"}'] },
    { story: 'a welcome twice', frames: [JSON.stringify(welcome), JSON.stringify(welcome)] },
    { story: 'a load before a plan', frames: [JSON.stringify(welcome), '{"type":"stop","now":"yes"}'] },
    {
      story: 'a plan that is none',
      frames: [JSON.stringify(welcome), JSON.stringify({ n: 1, type: 'prepare', plan: { target: null } })],
    },
  ])('that says $story gets a plain error', async ({ frames }) => {
    const { code, stderr } = await endOfWorkerOf((socket) => {
      for (const frame of frames) socket.send(frame)
    })
    expect(code).toBe(3)
    expect(stderr).toMatch(/MASTER_(UNREACHABLE|REFUSED)/)
    expect(stderr).not.toMatch(/INTERNAL|^ {4}at /m)
  })

  test('does not drive the terminal of a worker', async () => {
    const { code, stderr } = await endOfWorkerOf((socket) =>
      socket.send(JSON.stringify({ type: 'refused', message: 'no\u001b[2J', hint: 'go\u009b1m' })),
    )
    expect(code).toBe(3)
    expect(stderr).toContain('MASTER_REFUSED: the master turned this worker away: no [2J\n  go 1m')
  })

  test('cannot send a frame of 5 MiB', async () => {
    const { code, stderr } = await endOfWorkerOf((socket) => socket.send('x'.repeat(5 * 1024 * 1024)))
    expect(code).toBe(3)
    expect(stderr).not.toMatch(/INTERNAL/)
  })
})

test('a worker does not load what it must not', async () => {
  const port = await freePort()
  const { url } = await sim()
  const master = new Llmload(['-H', url, ...SHORT_LOAD, '--master', '--master-port', `${port}`])
  await master.says(/Waiting for workers/)
  const worker = await llmload('--worker', '--master-port', `${port}`, '--allow-target', 'gpu-1:8000')
  const said = `the master wants load on ${new URL(url).host}, and this worker may send it to gpu-1:8000 only`
  expect(worker).toMatchObject({ code: 3, stderr: expect.stringContaining(said) })
  expect(await master.ended).toMatchObject({ code: 3, stderr: expect.stringContaining(said) })
})

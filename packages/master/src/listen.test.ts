import { once } from 'node:events'
import { connect } from 'node:net'
import { systemClock } from '@llmload/core'
import { request } from 'undici'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type ListenOptions, listen, type OpenPort, type Route } from './listen.js'

const logged: string[] = []
const write = (_fields: object, message: string): void => void logged.push(message)
const log = { debug: write, info: write, warn: write, error: write }

const open: OpenPort[] = []
afterEach(async () => {
  logged.length = 0
  for (const port of open.splice(0)) await port.close()
})

const TOKENS = { worker: 'secret', viewer: 'may-look', controller: 'may-act' }
const NO_TOKENS = { worker: null, viewer: null, controller: null }

const route = (method: Route['method'], path: string, role: Route['role']): Route => ({
  ...{ method, path, role },
  handle: (_request, response) => void response.end(`${method} ${path}`),
})
const ROUTES = [route('GET', '/look', 'viewer'), route('POST', '/act', 'controller'), route('GET', '/act', 'viewer')]

async function serve(options: Partial<ListenOptions> = {}): Promise<number> {
  const access = { tokens: TOKENS, exposed: true }
  const port = await listen({
    ...{ host: '127.0.0.1', port: 0, tls: null, access, routes: ROUTES, clock: systemClock(), log, onWorker: () => {} },
    ...options,
  })
  open.push(port)
  return port.port
}

const UNEXPOSED = { tokens: NO_TOKENS, exposed: false }

async function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'POST' | 'PUT' = 'GET',
) {
  const response = await request(`http://127.0.0.1:${port}${path}`, { method, headers })
  return { status: response.statusCode, text: await response.body.text(), headers: response.headers }
}

/** The HTTP status that refuses a WebSocket, or `open`. */
async function knock(url: string, headers: Record<string, string> = {}): Promise<number | 'open'> {
  const socket = new WebSocket(url, { headers })
  socket.on('error', () => {})
  const refused = once(socket, 'unexpected-response').then(([, response]) => response.statusCode)
  const outcome = await Promise.race([once(socket, 'open').then(() => 'open' as const), refused])
  socket.terminate()
  return outcome
}

describe('a worker', () => {
  test.each([
    { headers: { authorization: 'Bearer secret' }, outcome: 'open', story: 'the token' },
    { headers: { authorization: 'Bearer secrex' }, outcome: 401, story: 'another token of the same length' },
    { headers: { authorization: 'Bearer s' }, outcome: 401, story: 'a part of the token' },
    { headers: { authorization: 'Bearer may-act' }, outcome: 401, story: 'the token of a controller' },
    { headers: { authorization: 'secret' }, outcome: 401, story: 'the token without its scheme' },
    { headers: {}, outcome: 401, story: 'no token' },
    {
      headers: { authorization: 'Bearer secret', origin: 'http://localhost' },
      outcome: 403,
      story: 'the token, but from a web page',
    },
  ])('with $story gets $outcome', async ({ headers, outcome }) => {
    expect(await knock(`ws://127.0.0.1:${await serve()}/worker`, headers)).toBe(outcome)
  })

  test('finds nothing on other paths', async () => {
    const port = await serve()
    expect(await knock(`ws://127.0.0.1:${port}/look`)).toBe(404)
    expect(await ask(port, '/worker')).toMatchObject({ status: 404 })
  })

  test('that is turned away is logged with the reason, not with its token, and not for every attempt', async () => {
    const url = `ws://127.0.0.1:${await serve()}/worker`
    for (let i = 0; i < 20; i++) await knock(url, { authorization: 'Bearer guess' })
    expect(logged[0]).toBe('a connection was turned away: wrong token')
    expect(logged.length).toBeLessThan(5)
    expect(logged.join()).not.toContain('guess')
  })
})

describe('what the port has for everyone', () => {
  test('is that it is well', async () => {
    expect(await ask(await serve(), '/health?now')).toMatchObject({ status: 200, text: 'ok\n' })
  })

  test('is a plain sentence for a wrong path, and the right methods for a wrong one', async () => {
    const port = await serve()
    expect(await ask(port, '/__proto__')).toMatchObject({ status: 404, text: 'no such path\n' })
    const { status, text, headers } = await ask(port, '/act', {}, 'PUT')
    expect([status, text, headers.allow]).toEqual([405, 'this path takes POST, GET only\n', 'POST, GET'])
  })

  test('is HEAD where there is GET', async () => {
    const { statusCode, body } = await request(`http://127.0.0.1:${await serve()}/health`, { method: 'HEAD' })
    expect([statusCode, await body.text()]).toEqual([200, ''])
  })

  test('is not the text of a fault in a route', async () => {
    const broken: Route = {
      ...{ method: 'GET', path: '/broken', role: 'open' },
      handle: () => Promise.reject(new Error('/home/me/file is missing')),
    }
    const { status, text } = await ask(await serve({ routes: [broken] }), '/broken')
    expect([status, text]).toEqual([500, 'a fault of llmload: see the log of the master\n'])
    expect(logged).toEqual(['a fault of llmload: /home/me/file is missing'])
  })
})

describe('roles', () => {
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  test.each([
    { story: 'nobody may look without a token', path: '/look', headers: {}, status: 401 },
    { story: 'a viewer may look', path: '/look', headers: bearer('may-look'), status: 200 },
    { story: 'a controller may look', path: '/look', headers: bearer('may-act'), status: 200 },
    { story: 'a worker may not look', path: '/look', headers: bearer('secret'), status: 401 },
    { story: 'a controller may act', method: 'POST', path: '/act', headers: bearer('may-act'), status: 200 },
    { story: 'a viewer may not act', method: 'POST', path: '/act', headers: bearer('may-look'), status: 401 },
    { story: 'the role belongs to the method', path: '/act', headers: bearer('may-look'), status: 200 },
  ] as const)('$story', async ({ path, headers, status, ...rest }) => {
    const method = 'method' in rest ? rest.method : 'GET'
    expect(await ask(await serve(), path, headers, method)).toMatchObject({ status })
  })

  test('who may not is told how to show that he may', async () => {
    const { text, headers } = await ask(await serve(), '/look')
    expect([text, headers['www-authenticate']]).toEqual(['no token\n', 'Bearer'])
  })

  test('without tokens everything is open to this host, and nothing to others', async () => {
    const own = await serve({ access: UNEXPOSED })
    expect(await ask(own, '/act', {}, 'POST')).toMatchObject({ status: 200 })
    const exposed = await serve({ access: { tokens: NO_TOKENS, exposed: true } })
    expect(await ask(exposed, '/health')).toMatchObject({ status: 200 })
    expect(await ask(exposed, '/act', {}, 'POST')).toMatchObject({
      status: 403,
      text: 'this is off: the master was started without LLMLOAD_CONTROL_TOKEN\n',
    })
  })

  test('with a token for viewers alone nobody may act', async () => {
    const port = await serve({ access: { tokens: { ...NO_TOKENS, viewer: 'may-look' }, exposed: false } })
    expect(await ask(port, '/look')).toMatchObject({ status: 401 })
    expect(await ask(port, '/act', bearer('may-look'), 'POST')).toMatchObject({ status: 403 })
  })
})

describe('pages in a browser', () => {
  test.each([
    { story: 'of the master itself may ask', origin: (port: number) => `http://127.0.0.1:${port}`, status: 200 },
    { story: 'of other sites may not', origin: () => 'https://example.com', status: 403 },
    { story: 'of another port may not', origin: () => 'http://127.0.0.1:80', status: 403 },
    { story: 'from nowhere may not', origin: () => 'null', status: 403 },
  ])('$story', async ({ origin, status }) => {
    const port = await serve({ access: UNEXPOSED })
    expect(await ask(port, '/act', { origin: origin(port) }, 'POST')).toMatchObject({ status })
  })

  test.each([
    { host: 'localhost:5557', status: 200 },
    { host: '127.0.0.1', status: 200 },
    { host: '[::1]:5557', status: 200 },
    { host: 'rebound.example.com:5557', status: 403 },
    { host: 'localhost.example.com', status: 403 },
  ])('that took the master for $host get $status', async ({ host, status }) => {
    const port = await serve({ access: UNEXPOSED })
    expect(await ask(port, '/look', { host })).toMatchObject({ status })
    expect(await knock(`ws://127.0.0.1:${port}/worker`, { host })).toBe(status === 200 ? 'open' : status)
  })

  test('may take a master that others can reach for any name: without a token they get nothing there', async () => {
    const port = await serve()
    expect(await ask(port, '/health', { host: 'llmload-master:5557' })).toMatchObject({ status: 200 })
    expect(await ask(port, '/look', { host: 'llmload-master:5557' })).toMatchObject({ status: 401 })
  })
})

describe('the address', () => {
  test('that is taken is an error that names it', async () => {
    const port = await serve()
    await expect(serve({ port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `port ${port} of 127.0.0.1 is in use`,
    })
  })

  test('of another host is an error of the option', async () => {
    await expect(serve({ host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'BAD_OPTIONS',
      message: expect.stringMatching(/^cannot listen on 192\.0\.2\.1: /),
      hint: 'give --master-bind-host an address of this host, or 0.0.0.0',
    })
  })
})

test('what is no HTTP is answered and closed', async () => {
  const socket = connect(await serve(), '127.0.0.1')
  socket.write('\x16\x03\x01 this is not HTTP\r\n\r\n')
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /)
  await once(socket, 'close')
})

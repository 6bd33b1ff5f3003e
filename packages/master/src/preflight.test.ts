import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { EXIT, type LoadError } from '@llmload/core'
import { afterAll, describe, expect, test } from 'vitest'
import { Loopback } from '../../../test/support/loopback.js'
import { configOf, type RunOverrides } from '../test/master-run.js'
import { clock } from '../test/wire-worker.js'
import { preflight } from './preflight.js'

const loopback = new Loopback()
afterAll(() => loopback.close())

async function check(baseUrl: string, overrides: RunOverrides = {}, signal = new AbortController().signal) {
  const { target, secrets } = configOf(overrides)
  const warnings: string[] = []
  const log = {
    debug: () => {},
    info: () => {},
    warn: (_: object, words: string) => void warnings.push(words),
    error: () => {},
  }
  return { ...(await preflight({ target, baseUrl, secrets, clock, log, signal })), warnings }
}

const failed = (baseUrl: string, overrides?: RunOverrides): Promise<LoadError> =>
  check(baseUrl, overrides).then(
    ({ model }) => Promise.reject(new Error(`found ${model}`)),
    (error) => error,
  )

const models =
  (...ids: string[]): RequestListener =>
  (_request, response) =>
    void response.end(JSON.stringify({ object: 'list', data: ids.map((id) => ({ id, object: 'model' })) }))

const status =
  (code: number, body = '', headers = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(code, headers).end(body)

const serve = (answer: RequestListener): Promise<string> =>
  loopback.respond((response, request) => answer(request, response))

describe.concurrent('the model', () => {
  test('is the first one of the server if none was named', async () => {
    expect(await check(await serve(models('A', 'B')))).toMatchObject({ model: 'A' })
  })

  test('is the one that was named, if the server has it', async () => {
    expect(await check(await serve(models('A', 'B')), { target: { model: 'B' } })).toMatchObject({ model: 'B' })
  })

  test('that the server does not have is an error with the list of those it has', async () => {
    const error = await failed(await serve(models('llama', 'qwen')), { target: { model: 'gpt' } })
    expect(error).toMatchObject({ code: 'UNKNOWN_MODEL', exitCode: EXIT.usage, hint: 'name one of these with --model' })
    expect(error.message).toMatch(/^the server does not have the model gpt; .* lists 2:\n {2}llama\n {2}qwen$/)
  })

  test.each([
    { wanted: '/data/Llama-3.1-8B', listed: '/data/llama-3.1-8B/' }, // the slash at the end, and a capital
    { wanted: 'Llama-3.1-8B', listed: 'meta-llama/Llama-3.1-8B' }, // without its owner
  ])('$wanted is compared with $listed for a hint', async ({ wanted, listed }) => {
    expect((await failed(await serve(models('other', listed)), { target: { model: wanted } })).hint).toBe(
      `did you mean --model ${listed}?`,
    )
  })
})

describe.concurrent('the request', () => {
  test('carries the key, extra headers and no compression, under a path prefix too', async () => {
    let seen: Record<string, unknown> = {}
    const base = await serve((request, response) => {
      seen = { url: request.url, ...request.headers }
      models('A')(request, response)
    })
    const secrets = { apiKey: 'sk-1', headers: [['X-Team', 'perf']] as const }
    await check(`${base}/llm`, { secrets })
    expect(seen).toMatchObject({
      url: '/llm/v1/models',
      authorization: 'Bearer sk-1',
      'x-team': 'perf',
      'accept-encoding': 'identity',
    })
  })

  test('is timed', async () => {
    const answer = await check(
      await serve((request, response) => void setTimeout(() => models('A')(request, response), 50)),
    )
    expect(answer.durationMs).toBeGreaterThanOrEqual(49)
    expect(answer.durationMs).toBeLessThan(1000)
  })

  test('ends at once when the run is interrupted', async () => {
    const interruption = new AbortController()
    const asked = check(await serve(() => interruption.abort(new Error('Ctrl-C'))), {}, interruption.signal)
    await expect(asked).rejects.toThrow('Ctrl-C')
  })
})

describe.concurrent('a server without a list of models', () => {
  test.each([
    [404, ''],
    [405, ''],
    [200, '<html>hello</html>'],
  ])('(%i %s) is believed if the model was named, with a warning', async (code, body) => {
    const base = await serve(status(code, body))
    expect(await check(base, { target: { model: 'M' } })).toMatchObject({
      model: 'M',
      warnings: [expect.stringMatching(/whether the server has M was not checked$/)],
    })
  })

  test.each([
    [404, '', 'HTTP 404'],
    [200, '{"data": 1}', 'an answer that is no list of models'],
  ])('(%i %s) needs the name of the model', async (code, body, what) => {
    const error = await failed(await serve(status(code, body)))
    expect(error).toMatchObject({
      code: 'TARGET_REFUSED',
      exitCode: EXIT.notCarriedOut,
      hint: 'name the model with --model',
    })
    expect(error.message).toMatch(new RegExp(`^http://127.0.0.1:\\d+/v1/models gave ${what}$`))
  })

  test('or with an empty one cannot be measured', async () => {
    expect((await failed(await serve(models()))).message).toMatch(/lists no model$/)
  })
})

describe.concurrent('a server that refuses', () => {
  test.each([401, 403])('with %i makes clear where the key belongs', async (code) => {
    const error = await failed(await serve(status(code)), { target: { model: 'M' } })
    expect(error).toMatchObject({ code: 'TARGET_REFUSED', hint: 'set LLMLOAD_API_KEY to the key of the server' })
  })

  test('with an error of its own is quoted, on one line', async () => {
    const error = await failed(await serve(status(503, 'model is\n  loading')), { target: { model: 'M' } })
    expect(error).toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringMatching(/gave HTTP 503: model is loading$/),
    })
  })

  test('with a redirect tells where to', async () => {
    const error = await failed(await serve(status(308, '', { location: 'https://elsewhere/v1/models' })))
    expect(error.message).toMatch(/gave HTTP 308 and points to https:\/\/elsewhere\/v1\/models$/)
  })
})

describe.concurrent('a server that cannot be reached', () => {
  const unreachable = async (baseUrl: string): Promise<string> => {
    const error = await failed(baseUrl, { target: { model: 'M' } })
    expect(error).toMatchObject({ code: 'TARGET_UNREACHABLE', exitCode: EXIT.notCarriedOut })
    expect(error.message).toContain(`${baseUrl}/v1/models: `)
    return error.message
  }

  test('because nothing listens', async () => {
    expect(await unreachable('http://127.0.0.1:1')).toMatch(
      /: connection refused: nothing listens there \(ECONNREFUSED/,
    )
  })

  test('because its name is unknown', async () => {
    expect(await unreachable('http://no-such-host.invalid')).toContain('the name of the host cannot be resolved (DNS)')
  })

  test('because it closes the connection', async () => {
    const host = await loopback.answerRaw((socket) => socket.destroy())
    expect(await unreachable(`http://${host}`)).toContain('the server closed the connection without an answer')
  })

  test('because it does not speak HTTP', async () => {
    const host = await loopback.answerRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    expect(await unreachable(`http://${host}`)).toContain('what answers there does not speak HTTP')
  })

  test('because it does not speak TLS', async () => {
    const base = await serve(models('M'))
    expect(await unreachable(base.replace('http:', 'https:'))).toContain(
      'TLS: what answers there does not speak it; is it http?',
    )
  })

  test('because its certificate is not trusted', async () => {
    const pem = readFileSync(new URL('../../worker/src/http/fixtures/self-signed.pem', import.meta.url))
    const port = await loopback.listen(createHttpsServer({ key: pem, cert: pem }, models('M')))
    expect(await unreachable(`https://127.0.0.1:${port}`)).toContain('TLS: its certificate is not trusted')
  })

  test('because it never answers', { timeout: 15_000 }, async () => {
    expect(await unreachable(await serve(() => {}))).toMatch(/: no answer within 10 s$/)
  })

  test('because its answer has no end', async () => {
    const base = await serve((_request, response) => {
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(1 << 20, 0x20), more)
      }
      more()
    })
    expect(await unreachable(base)).toContain('the answer is larger than 8388608 bytes')
  })
})

import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { parseSimOptions, type SimOptions } from '../options.js'
import { startSim } from '../sim.js'
import { type FastSim, startFastSim } from './fast-sim.js'

const settingsOf = (options: Partial<SimOptions>): SimOptions => ({
  ...parseSimOptions({}).options,
  ...{ fast: true, port: 0, ttftMs: 5, itlMs: 2, model: 'm' },
  ...options,
})

let fast: FastSim | null = null
afterEach(() => fast?.close())

async function start(options: Partial<SimOptions> = {}): Promise<FastSim> {
  fast = await startFastSim(settingsOf(options))
  return fast
}

const COMPLETION = { prompt: 'a b c', max_tokens: 40, ignore_eos: true, stream: true }

const post = (url: string, path: string, body: object) =>
  fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const generic = (stream: string) =>
  stream.replace(/"id":"(cmpl|chatcmpl)-[^"]*","/g, '"id":"$1","').replace(/"created":\d+/g, '')

describe('the fast mode', () => {
  test.each([
    { path: '/v1/completions', body: COMPLETION },
    { path: '/v1/completions', body: { ...COMPLETION, max_tokens: 1, stream_options: { include_usage: true } } },
    {
      path: '/v1/chat/completions',
      body: {
        messages: [{ role: 'user', content: 'Hi' }],
        max_tokens: 400,
        ignore_eos: true,
        stream: true,
        stream_options: {},
      },
    },
  ])('sends the same events as the full simulator on $path ($body.max_tokens tokens)', async ({ path, body }) => {
    const full = await startSim(settingsOf({ fast: false, itlMs: 0 }))
    const { url } = await start({ itlMs: 0 })
    const expected = await (await post(full.url, path, body)).text()
    await full.close()
    expect(generic(await (await post(url, path, body)).text())).toBe(generic(expected))
  })

  test('sends each chunk when it is due, and says when', async () => {
    const { url } = await start({ ttftMs: 40, itlMs: 4, stampChunks: true })
    const sentNs = Number(process.hrtime.bigint())
    const text = await (await post(url, '/v1/completions', COMPLETION)).text()
    const afterNs = Number(process.hrtime.bigint())
    const stamps = [...text.matchAll(/"sent_ns": *(\d+),"choices":\[\{/g)].map(([, digits]) => Number(digits))
    expect(stamps).toHaveLength(40)
    for (const [i, ns] of stamps.entries()) expect((ns - sentNs) / 1e6).toBeGreaterThan(40 + i * 4 - 0.01)
    expect(Math.max(...stamps)).toBeLessThan(afterNs)
  })

  test('answers several requests on one connection, however they are cut', async () => {
    const { port } = await start()
    const socket = connect(port, '127.0.0.1')
    const body = JSON.stringify({ ...COMPLETION, max_tokens: 2 })
    const request = `POST /v1/completions HTTP/1.1\r\nhost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    let received = ''
    socket.on('data', (bytes) => {
      received += bytes
    })
    for (let at = 0; at < request.length; at += 50) {
      socket.write(request.slice(at, at + 50))
      await new Promise(setImmediate)
    }
    await expect.poll(() => received.match(/\r\n0\r\n\r\n/g)?.length).toBe(1)
    socket.write(request)
    await expect.poll(() => received.match(/\r\n0\r\n\r\n/g)?.length).toBe(2)
    expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
    socket.destroy()
  })

  test('lists its model and says that it is well', async () => {
    const { url } = await start()
    expect(await (await fetch(`${url}/v1/models`)).json()).toMatchObject({ data: [{ id: 'm', owned_by: 'vllm' }] })
    expect(await (await post(url, '/tokenize', { prompt: 'a b' })).json()).toMatchObject({ count: 2 })
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
  })

  test.each([
    { body: { ...COMPLETION, stream: false }, words: 'answers that are not streamed' },
    { body: { ...COMPLETION, n: 2 }, words: 'several answers' },
    { body: { ...COMPLETION, logprobs: 1 }, words: 'logprobs' },
    { body: { ...COMPLETION, return_token_ids: true }, words: 'return_token_ids' },
  ])('refuses $words', async ({ body, words }) => {
    const { url } = await start()
    const response = await post(url, '/v1/completions', body)
    expect([response.status, JSON.parse(await response.text()).error.message]).toEqual([
      400,
      `llmload sim --fast does not do ${words}; start it without --fast.`,
    ])
  })

  test('sums up what it did', async () => {
    const sim = await start()
    await (await post(sim.url, '/v1/completions', COMPLETION)).text()
    expect(await sim.close()).toMatch(/^40 chunks in 1 streams; late by ms: p50 [\d.]+, p99 [\d.]+, max [\d.]+$/)
  })
})

test('options that it cannot have are named', () => {
  const { problems } = parseSimOptions({ fast: true, quirk: 'crlf', 'itl-distribution': 'normal', 'ttft-ms': '9' })
  expect(problems).toEqual([
    '--itl-distribution does not go with --fast, which does only streams at constant pace',
    '--quirk does not go with --fast, which does only streams at constant pace',
  ])
  expect(parseSimOptions({ processes: '2' }).problems).toEqual([
    '--processes needs --fast: only then are there several',
  ])
})

import { afterEach, describe, expect, test } from 'vitest'
import type { SimOptions } from '../options.js'
import { type Sim, startSim } from '../sim.js'

let sim: Sim | null = null
afterEach(() => sim?.close())

/** The whole body of a stream of a simulator of its own. */
async function streamOf(path: string, body: object, options: Partial<SimOptions> = {}): Promise<string> {
  await sim?.close()
  sim = await startSim({ port: 0, ttftMs: 1, itlMs: 1, model: 'm', ...options })
  const response = await fetch(sim.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ignore_eos: true, stream: true, ...body }),
  })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  return response.text()
}

const dataOf = (stream: string): string[] =>
  stream
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      expect(event).toMatch(/^data: /)
      return event.slice('data: '.length)
    })

// biome-ignore lint/suspicious/noExplicitAny: the tests say what each event must hold.
const jsonOf = (stream: string): any[] =>
  dataOf(stream)
    .filter((data) => data !== '[DONE]')
    .map((data) => JSON.parse(data))

const completion = { prompt: 'a b c', max_tokens: 3 }
const chat = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 3 }

/** Chunks are compared as text, for clients look at the order and the nulls too. */
const generic = (data: string) =>
  data
    .replace(/"id":"(cmpl|chatcmpl)-[0-9a-f]{32}"/, '"id":"$1-ID"')
    .replace(/"created":\d+/, '"created":0')
    .replace(/"(text|content)":"[^"]+"/, '"$1":"TEXT"')

describe('a stream of completions', () => {
  const head = '{"id":"cmpl-ID","object":"text_completion","created":0,"model":"m","choices":'
  const tail = '"stop_reason":null,"prompt_token_ids":null,"token_ids":null}]}'

  test('has the chunks of vLLM, byte for byte', async () => {
    const events = dataOf(await streamOf('/v1/completions', { ...completion, stream_options: { include_usage: true } }))
    expect(events.map(generic)).toEqual([
      `${head}[{"index":0,"text":"TEXT","logprobs":null,"finish_reason":null,${tail}`,
      `${head}[{"index":0,"text":"TEXT","logprobs":null,"finish_reason":null,${tail}`,
      `${head}[{"index":0,"text":"TEXT","logprobs":null,"finish_reason":"length",${tail}`,
      `${head}[],"usage":{"prompt_tokens":3,"total_tokens":6,"completion_tokens":3}}`,
      '[DONE]',
    ])
  })

  test('has no usage unless it is asked for', async () => {
    expect(await streamOf('/v1/completions', completion)).not.toContain('usage')
  })

  test('has usage so far in each chunk where that is asked for', async () => {
    const stream_options = { include_usage: true, continuous_usage_stats: true }
    const chunks = jsonOf(await streamOf('/v1/completions', { ...completion, stream_options }))
    expect(chunks.map((chunk) => chunk.usage.completion_tokens)).toEqual([1, 2, 3, 3])
    expect(chunks.map((chunk) => chunk.usage.total_tokens)).toEqual([4, 5, 6, 6])
  })

  test('brings the answers of n > 1 side by side', async () => {
    const chunks = jsonOf(await streamOf('/v1/completions', { ...completion, max_tokens: 2, n: 2 }))
    expect(chunks.map(({ choices: [choice] }) => [choice.index, choice.finish_reason])).toEqual([
      [0, null],
      [1, null],
      [0, 'length'],
      [1, 'length'],
    ])
  })

  test('ends an answer that stops by itself with a chunk without text', async () => {
    const body = { ...completion, max_tokens: 500, ignore_eos: false, stream_options: { include_usage: true } }
    const chunks = jsonOf(await streamOf('/v1/completions', body, { answerTokens: 5, itlMs: 0 }))
    const [usage, last] = [chunks.at(-1), chunks.at(-2)]
    expect(last.choices[0]).toMatchObject({ text: '', finish_reason: 'stop' })
    expect(usage.usage.completion_tokens).toBe(chunks.length - 2)
  })

  test('holds the ids of the prompt once, and of each token, where they are asked for', async () => {
    const body = { ...completion, prompt: [97, 98], return_token_ids: true }
    const choices = jsonOf(await streamOf('/v1/completions', body)).map((chunk) => chunk.choices[0])
    expect(choices.map((choice) => choice.prompt_token_ids)).toEqual([[97, 98], null, null])
    expect(choices.map((choice) => choice.token_ids.length)).toEqual([1, 1, 1])
  })

  test('counts the text offsets of logprobs through', async () => {
    const body = { ...completion, max_tokens: 20, logprobs: 0 }
    const choices = jsonOf(await streamOf('/v1/completions', body)).map((chunk) => chunk.choices[0])
    const text = [...choices.map((choice) => choice.text).join('')]
    for (const { text: token, logprobs } of choices) {
      const [offset] = logprobs.text_offset
      expect(text.slice(offset, offset + [...token].length).join('')).toBe(token)
    }
  })
})

describe('a stream of a chat', () => {
  const head = '{"id":"chatcmpl-ID","object":"chat.completion.chunk","created":0,"model":"m","choices":'

  test('has the chunks of vLLM, byte for byte', async () => {
    const events = dataOf(await streamOf('/v1/chat/completions', { ...chat, stream_options: {} }))
    expect(events.map(generic)).toEqual([
      `${head}[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"prompt_token_ids":null}`,
      `${head}[{"index":0,"delta":{"content":"TEXT"},"logprobs":null,"finish_reason":null,"token_ids":null}]}`,
      `${head}[{"index":0,"delta":{"content":"TEXT"},"logprobs":null,"finish_reason":null,"token_ids":null}]}`,
      `${head}[{"index":0,"delta":{"content":"TEXT"},"logprobs":null,"finish_reason":"length","stop_reason":null,"token_ids":null}]}`,
      `${head}[],"usage":{"prompt_tokens":4,"total_tokens":7,"completion_tokens":3}}`,
      '[DONE]',
    ])
  })

  test('opens each answer with its role', async () => {
    const chunks = jsonOf(await streamOf('/v1/chat/completions', { ...chat, max_tokens: 1, n: 2 }))
    const deltas = chunks.map(({ choices: [{ index, delta }] }) => [index, delta.role ?? null])
    expect(deltas).toEqual([
      [0, 'assistant'],
      [1, 'assistant'],
      [0, null],
      [1, null],
    ])
  })
})

describe('streams can be made odd', () => {
  test('with CR LF', async () => {
    const stream = await streamOf('/v1/completions', completion, { quirk: ['crlf'] })
    expect(stream.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(stream.endsWith('data: [DONE]\r\n\r\n')).toBe(true)
  })

  test('with comments before and between the events', async () => {
    const stream = await streamOf('/v1/completions', completion, { pingMs: 10, ttftMs: 35, itlMs: 15 })
    expect(stream.startsWith(': ping\n\n: ping\n\n: ping\n\ndata: ')).toBe(true)
    expect(stream.split(': ping\n\n').length).toBeGreaterThan(4)
  })

  test('without usage, whatever was asked', async () => {
    const body = { ...completion, stream_options: { include_usage: true } }
    expect(await streamOf('/v1/completions', body, { quirk: ['no-usage'] })).not.toContain('usage')
  })

  test('with several tokens in a chunk; the first one comes alone', async () => {
    const body = { ...completion, max_tokens: 10, return_token_ids: true }
    const chunks = jsonOf(await streamOf('/v1/completions', body, { tokensPerChunk: 4 }))
    expect(chunks.map((chunk) => chunk.choices[0].token_ids.length)).toEqual([1, 4, 4, 1])
  })

  test('with characters cut in two, and yet every byte in its place', async () => {
    const body = { ...completion, max_tokens: 400 }
    const cut = await streamOf('/v1/completions', body, { quirk: ['split-utf8'], itlMs: 0, pingMs: 3 })
    const whole = await streamOf('/v1/completions', body, { itlMs: 0 })
    expect(whole).toMatch(/[^\0-\x7f]/)
    expect(cut.replaceAll(': ping\n\n', '').replace(/"created":\d+/g, '')).toBe(whole.replace(/"created":\d+/g, ''))
  })
})

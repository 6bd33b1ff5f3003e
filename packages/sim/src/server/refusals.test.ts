import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sim, startSim } from '../sim.js'

let sim: Sim
beforeAll(async () => {
  sim = await startSim({ port: 0, ttftMs: 1, itlMs: 0, contextLength: 100, model: 'm' })
})
afterAll(() => sim.close())

async function refusal(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(sim.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

const error = (code: number, type: string, message: string, param: string | null) => ({
  status: code,
  body: { error: { message, type, param, code } },
})

describe('requests that vLLM refuses are refused in its words', () => {
  const badValue = (message: string, param: string | null = null) => error(400, 'BadRequestError', message, param)
  const badFields = (param: string, ...problems: string[]) =>
    error(
      400,
      'Bad Request',
      [`${problems.length} validation error${problems.length > 1 ? 's' : ''}:`, ...problems].join('\n  '),
      param,
    )
  const completion = { prompt: 'a' }

  test.each([
    {
      story: 'a model that is not there',
      body: { ...completion, model: 'gpt' },
      refused: error(404, 'NotFoundError', 'The model `gpt` does not exist.', 'model'),
    },
    {
      story: 'a prompt that fills the context',
      body: { prompt: 'é'.repeat(100) },
      refused: badValue(
        "This model's maximum context length is 100 tokens. However, your request has 100 input tokens. Please reduce the length of the input messages.",
        'input_tokens',
      ),
    },
    {
      story: 'an answer that has no room after the prompt',
      body: { prompt: 'a b', max_tokens: 99 },
      refused: badValue(
        "'max_tokens' or 'max_completion_tokens' is too large: 99. This model's maximum context length is 100 tokens and your request has 2 input tokens (99 > 100 - 2).",
        'max_tokens',
      ),
    },
    {
      story: 'no tokens at all',
      body: { ...completion, max_tokens: 0 },
      refused: badValue('max_tokens must be at least 1, got 0.', 'max_tokens'),
    },
    { story: 'no answers', body: { ...completion, n: 0 }, refused: badValue('n must be at least 1, got 0.') },
    {
      story: 'more answers than there is room for',
      body: { prompt: ['a', 'b'], n: 10_000 },
      refused: badValue('n must be at most 16384, got 10000.'),
    },
    {
      story: 'a temperature below zero',
      body: { ...completion, temperature: -1 },
      refused: badValue('temperature must be non-negative, got -1.', 'temperature'),
    },
    {
      story: 'min_tokens above max_tokens',
      body: { ...completion, max_tokens: 4, min_tokens: 5 },
      refused: badValue('min_tokens must be less than or equal to max_tokens=4, got 5.'),
    },
    {
      story: 'more logprobs than a server computes',
      body: { ...completion, logprobs: 21 },
      refused: badValue('Requested sample logprobs of 21, which is greater than max allowed: 20'),
    },
    {
      story: 'fields of the wrong kind, all of them at once',
      body: { prompt: 'a', max_tokens: "it's", stream: 1, n: 1.5 },
      refused: badFields(
        'body.max_tokens',
        `{'type': 'int_type', 'loc': ('body', 'max_tokens'), 'msg': 'Input should be a valid integer', 'input': "it's"}`,
        `{'type': 'bool_type', 'loc': ('body', 'stream'), 'msg': 'Input should be a valid boolean', 'input': 1}`,
        `{'type': 'int_type', 'loc': ('body', 'n'), 'msg': 'Input should be a valid integer', 'input': 1.5}`,
      ),
    },
    {
      story: 'no prompt',
      body: {},
      refused: badFields(
        'body',
        `{'type': 'value_error', 'loc': ('body',), 'msg': 'Value error, Either prompt or prompt_embeds must be provided and non-empty.', 'input': '<dict of 0 items>'}`,
      ),
    },
    {
      story: 'a prompt that is neither text nor ids',
      body: { prompt: [['a']] },
      refused: badFields(
        'body.prompt',
        `{'type': 'string_type', 'loc': ('body', 'prompt'), 'msg': 'Input should be a valid string', 'input': '<list of 1 items>'}`,
      ),
    },
    {
      story: 'stream options without a stream',
      body: { ...completion, stream_options: { include_usage: true } },
      refused: badFields(
        'body',
        `{'type': 'value_error', 'loc': ('body',), 'msg': 'Value error, Stream options can only be defined when \`stream=True\`.', 'input': '<dict of 2 items>'}`,
      ),
    },
    {
      story: 'a body that is no object',
      body: [],
      refused: badFields(
        'body',
        `{'type': 'model_attributes_type', 'loc': ('body',), 'msg': 'Input should be a valid dictionary or object to extract fields from', 'input': '<list of 0 items>'}`,
      ),
    },
  ])('$story', async ({ body, refused }) => {
    expect(await refusal('/v1/completions', body)).toEqual(refused)
  })

  test.each([
    { story: 'no messages', body: {}, type: 'missing' },
    { story: 'messages that are no list', body: { messages: 'Hi' }, type: 'list_type' },
    { story: 'a role that nobody knows', body: { messages: [{ role: 'king', content: 'Hi' }] }, type: 'literal_error' },
    {
      story: 'an image',
      body: { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      type: 'string_type',
    },
    { story: 'alternatives without logprobs', body: { messages: [], top_logprobs: 2 }, type: 'value_error' },
  ])('$story in a chat', async ({ body, type }) => {
    const { status, body: answer } = await refusal('/v1/chat/completions', body)
    expect(status).toBe(400)
    expect(JSON.stringify(answer)).toContain(`{'type': '${type}'`)
  })

  test('a body that is no JSON, or does not say that it is', async () => {
    const broken = await refusal('/v1/completions', '{"prompt":')
    expect(broken.status).toBe(400)
    expect(JSON.stringify(broken.body)).toContain("{'type': 'json_invalid'")
    const untyped = await refusal('/v1/completions', '{}', { 'content-type': 'text/plain' })
    expect(untyped.status).toBe(400)
    expect(JSON.stringify(untyped.body)).toContain('Unsupported Media Type')
  })

  test('unknown models and tokens at /tokenize and /detokenize', async () => {
    expect((await refusal('/tokenize', { model: 'gpt', prompt: 'a' })).status).toBe(404)
    expect((await refusal('/tokenize', {})).status).toBe(400)
    expect((await refusal('/detokenize', { tokens: 'a' })).status).toBe(400)
    expect(await refusal('/detokenize', { tokens: [-1] })).toEqual(badValue('Token id -1 is out of vocabulary'))
  })

  test('paths and methods that are not served', async () => {
    const missing = await fetch(`${sim.url}/v1/nothing`)
    expect([missing.status, await missing.json()]).toEqual([404, { detail: 'Not Found' }])
    const wrong = await fetch(`${sim.url}/v1/completions`)
    expect([wrong.status, await wrong.json()]).toEqual([405, { detail: 'Method Not Allowed' }])
    expect(wrong.headers.get('allow')).toBe('POST')
  })

  test('a body without end', async () => {
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(2 ** 20)) })
    const response = await fetch(`${sim.url}/tokenize`, {
      method: 'POST',
      body: endless,
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(413)
  })
})

describe('an API key', () => {
  let guarded: Sim
  beforeAll(async () => {
    guarded = await startSim({ port: 0, apiKey: 'secret' })
  })
  afterAll(() => guarded.close())

  test.each([
    { story: 'is asked for', headers: {}, status: 401 },
    { story: 'must be the right one', headers: { authorization: 'Bearer other' }, status: 401 },
    { story: 'must be a bearer token', headers: { authorization: 'Basic secret' }, status: 401 },
    { story: 'opens the door', headers: { authorization: 'bearer secret' }, status: 200 },
  ])('$story', async ({ headers, status }) => {
    const response = await fetch(`${guarded.url}/v1/models`, { headers: { ...headers } })
    expect(response.status).toBe(status)
    if (status === 401) expect(await response.json()).toEqual({ error: 'Unauthorized' })
  })

  test('is not asked for outside /v1', async () => {
    expect((await fetch(`${guarded.url}/health`)).status).toBe(200)
  })
})

describe('a simulator that cannot start says why', () => {
  test('its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    await expect(startSim({ port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `port ${port} of 127.0.0.1 is in use`,
    })
    other.close()
  })

  test('its host is not of this machine', async () => {
    await expect(startSim({ port: 0, host: '192.0.2.1' })).rejects.toMatchObject({ code: 'BAD_OPTIONS' })
  })

  test('its truth log cannot be written', async () => {
    const truthLog = `${tmpdir()}/no-such-folder/truth.ndjson`
    await expect(startSim({ port: 0, truthLog })).rejects.toMatchObject({ code: 'OUTPUT_FILE' })
  })
})

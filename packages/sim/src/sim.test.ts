import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sim, startSim } from './sim.js'

let sim: Sim
beforeAll(async () => {
  sim = await startSim({ port: 0, ttftMs: 1, itlMs: 0, contextLength: 100, model: 'm' })
})
afterAll(() => sim.close())

const get = (path: string) => fetch(sim.url + path)

function post(path: string, body: unknown, { to = sim, headers = {} } = {}): Promise<Response> {
  const type = { 'content-type': 'application/json' }
  return fetch(to.url + path, { method: 'POST', headers: { ...type, ...headers }, body: JSON.stringify(body) })
}

// biome-ignore lint/suspicious/noExplicitAny: the tests say what each answer must hold.
const postJson = async (path: string, body: unknown, to = sim): Promise<any> => (await post(path, body, { to })).json()

describe('the plain routes', () => {
  test('GET /health answers 200 and nothing', async () => {
    const response = await get('/health')
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  test('GET /version names the version of the package', async () => {
    const own = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
    expect(await (await get('/version')).json()).toEqual({ version: own.version })
  })

  test('GET /v1/models lists the model in the form of vLLM', async () => {
    expect(await (await get('/v1/models')).json()).toEqual({
      object: 'list',
      data: [
        {
          id: 'm',
          object: 'model',
          created: expect.any(Number),
          owned_by: 'vllm',
          root: 'm',
          parent: null,
          max_model_len: 100,
          permission: [expect.objectContaining({ object: 'model_permission', allow_sampling: true })],
        },
      ],
    })
  })

  test('GET /metrics has the true times of streams in the buckets of vLLM, and the cache and the queue', async () => {
    const own = await startSim({ port: 0, ttftMs: 200, itlMs: 12, model: 'm', prefixCacheTokens: 1600, maxNumSeqs: 1 })
    const body = { prompt: 'a '.repeat(40), max_tokens: 3, ignore_eos: true, stream: true }
    await Promise.all([1, 2].map(async () => (await post('/v1/completions', body, { to: own })).text()))
    const page = await (await fetch(`${own.url}/metrics`)).text()
    await own.close()
    const value = (name: string, le?: string) => {
      const labels = le === undefined ? '' : `le="${le.replace('+', '\\+')}",`
      return Number(page.match(new RegExp(`^vllm:${name}\\{engine="0",${labels}model_name="m"\\} (.*)$`, 'm'))?.[1])
    }
    // 41 tokens each; the second request finds two blocks of 16.
    expect([value('prefix_cache_queries_total'), value('prefix_cache_hits_total')]).toEqual([82, 32])
    expect([value('time_to_first_token_seconds_count'), value('inter_token_latency_seconds_count')]).toEqual([2, 4])
    expect(value('time_to_first_token_seconds_bucket', '0.02')).toBe(0)
    expect(value('inter_token_latency_seconds_bucket', '+Inf')).toBe(4)
    // The second one waits for the first: 200 + 2 × 12 ms, less what it came later.
    expect(value('request_queue_time_seconds_sum')).toBeGreaterThan(0.05)
    expect(value('e2e_request_latency_seconds_sum')).toBeGreaterThan(0.45)
  })
})

describe('/tokenize and /detokenize', () => {
  const text = 'Où est 1 café? 🌊\n'

  test('turn a text into ids and the ids into the text', async () => {
    const { count, max_model_len, tokens, token_strs } = await postJson('/tokenize', { model: 'm', prompt: text })
    expect({ count, max_model_len, token_strs }).toEqual({ count: tokens.length, max_model_len: 100, token_strs: null })
    expect(await postJson('/detokenize', { model: 'm', tokens })).toEqual({ prompt: text })
  })

  test('show the tokens of a chat with its template', async () => {
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hi' },
          { type: 'text', text: 'you' },
        ],
      },
    ]
    const asked = { messages, return_token_strs: true, add_generation_prompt: false }
    const { token_strs } = await postJson('/tokenize', asked)
    expect(token_strs).toEqual(['<|user|>', 'Hi', '\n', 'you', '<|end|>'])
  })

  test.each([
    ['/v1/completions', { prompt: text }],
    ['/v1/completions', { prompt: 'x '.repeat(20) }],
    [
      '/v1/chat/completions',
      {
        messages: [
          { role: 'system', content: text },
          { role: 'user', content: 'Hi' },
        ],
      },
    ],
    ['/v1/chat/completions', { messages: [{ role: 'assistant', content: null }] }],
  ])('count what the usage of %s says', async (path, body) => {
    const { count } = await postJson('/tokenize', body)
    const answer = await postJson(path, { ...body, max_tokens: 30 })
    const { text: answerText, message } = answer.choices[0]
    const answered = await postJson('/tokenize', { prompt: answerText ?? message.content })
    expect(answer.usage).toEqual({
      prompt_tokens: count,
      completion_tokens: answered.count,
      total_tokens: count + answered.count,
      prompt_tokens_details: null,
    })
  })
})

describe('answers in one piece', () => {
  test('of /v1/completions have the form of vLLM', async () => {
    const answer = await postJson('/v1/completions', { model: 'm', prompt: 'a b', max_tokens: 5, ignore_eos: true })
    expect(answer).toEqual({
      id: expect.stringMatching(/^cmpl-[0-9a-f]{32}$/),
      object: 'text_completion',
      created: expect.any(Number),
      model: 'm',
      choices: [
        {
          index: 0,
          text: expect.any(String),
          logprobs: null,
          finish_reason: 'length',
          stop_reason: null,
          token_ids: null,
          prompt_logprobs: null,
          prompt_token_ids: null,
        },
      ],
      service_tier: null,
      system_fingerprint: null,
      usage: { prompt_tokens: 2, total_tokens: 7, completion_tokens: 5, prompt_tokens_details: null },
      kv_transfer_params: null,
    })
  })

  test('of /v1/chat/completions have the form of vLLM', async () => {
    const messages = [{ role: 'user', content: 'Hi' }]
    const answer = await postJson('/v1/chat/completions', { messages, max_completion_tokens: 3, ignore_eos: true })
    expect(answer).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      choices: [
        { message: { role: 'assistant', content: expect.any(String), tool_calls: [] }, finish_reason: 'length' },
      ],
      usage: { prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 },
    })
  })

  test('number the choices of several prompts and of n > 1', async () => {
    const body = { prompt: ['a', 'b c'], n: 2, max_tokens: 3, ignore_eos: true }
    const { choices, usage } = await postJson('/v1/completions', body)
    expect(choices.map((choice: { index: number }) => choice.index)).toEqual([0, 1, 2, 3])
    expect(new Set(choices.map((choice: { text: string }) => choice.text)).size).toBe(4)
    expect(usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 12 })
  })

  test('take prompts of token ids and give ids back when asked to', async () => {
    const body = { prompt: [97, 98], max_tokens: 4, ignore_eos: true, return_token_ids: true }
    const { choices, usage } = await postJson('/v1/completions', body)
    expect(choices[0].prompt_token_ids).toEqual([97, 98])
    expect(await postJson('/detokenize', { tokens: choices[0].token_ids })).toEqual({ prompt: choices[0].text })
    expect(usage.prompt_tokens).toBe(2)
  })

  test('hold logprobs of each token and its alternatives', async () => {
    const completion = await postJson('/v1/completions', { prompt: 'a', max_tokens: 6, ignore_eos: true, logprobs: 3 })
    const { text, logprobs } = completion.choices[0]
    expect(logprobs.tokens.join('')).toBe(text)
    expect(logprobs.text_offset[5]).toBe([...logprobs.tokens.slice(0, 5).join('')].length)
    expect(Object.keys(logprobs.top_logprobs[0])).toHaveLength(3)
    expect(Object.values(logprobs.top_logprobs[0])[0]).toBe(logprobs.token_logprobs[0])

    const messages = [{ role: 'user', content: 'Hi' }]
    const asked = { messages, max_tokens: 6, ignore_eos: true, logprobs: true, top_logprobs: 2 }
    const chat = await postJson('/v1/chat/completions', asked)
    const { content } = chat.choices[0].logprobs
    expect(content.map((token: { token: string }) => token.token).join('')).toBe(chat.choices[0].message.content)
    expect(content[0]).toEqual({
      token: expect.any(String),
      logprob: expect.any(Number),
      bytes: [...Buffer.from(content[0].token)],
      top_logprobs: [expect.objectContaining({ token: content[0].token }), expect.anything()],
    })
  })

  test('end by themselves at a length of their own without ignore_eos, and not before min_tokens', async () => {
    const own = await startSim({ port: 0, ttftMs: 0, itlMs: 0, answerTokens: 10 })
    const reasons: string[] = []
    for (let i = 0; i < 30; i++) {
      const body = { prompt: 'a', max_tokens: 12, min_tokens: 4 }
      const { choices, usage } = await postJson('/v1/completions', body, own)
      const tokens = usage.completion_tokens
      reasons.push(choices[0].finish_reason)
      expect(tokens).toBeGreaterThanOrEqual(4)
      expect(choices[0].finish_reason).toBe(tokens < 12 ? 'stop' : 'length')
    }
    await own.close()
    expect(new Set(reasons)).toEqual(new Set(['stop', 'length']))
  })

  test('carry the id that the client gives', async () => {
    const response = await post('/v1/completions', { prompt: 'a' }, { headers: { 'x-request-id': 'mine' } })
    expect(await response.json()).toMatchObject({ id: 'cmpl-mine' })
  })

  test('come for requests with fields that the simulator does not know', async () => {
    const response = await post('/v1/completions', { prompt: 'a', top_k: -1, guided_regex: '.*', max_tokens: null })
    expect(response.status).toBe(200)
  })

  test('follow from the seed, in the order of arrival', async () => {
    const answers = async (seed: number) => {
      const own = await startSim({ port: 0, ttftMs: 0, itlMs: 0, seed })
      const ask = async () => {
        const { id, choices, usage } = await postJson('/v1/completions', { prompt: 'a', max_tokens: 50 }, own)
        return { id, choices, usage }
      }
      const all = [await ask(), await ask()]
      await own.close()
      return all
    }
    const [first, again, other] = [await answers(1), await answers(1), await answers(2)]
    expect(again).toEqual(first)
    expect(first[0]).not.toEqual(first[1])
    expect(other).not.toEqual(first)
  })
})

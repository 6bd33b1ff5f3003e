import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Secrets, TargetPlan } from '@llmload/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openServerTokenizer, ServerHasNone } from './server-tokenizer.js'

interface Asked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

let server: Server
let target: TargetPlan
let asked: Asked[]
/** What the server answers; the tests set it. */
let answer: (response: ServerResponse) => void

beforeEach(async () => {
  asked = []
  answer = (response) => response.end('{"count": 7, "max_model_len": 4096, "tokens": [1, 2, 3, 4, 5, 6, 7]}')
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    asked.push({
      path: String(request.url),
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString()),
    })
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  target = { provider: 'vllm', baseUrl, model: 'm', chat: false, stream: true, thinkTags: false }
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
})

const NO_SECRETS: Secrets = { apiKey: null, headers: [] }

async function countOnce(prompt: string, secrets = NO_SECRETS): Promise<number> {
  const tokenizer = await openServerTokenizer(target, secrets)
  try {
    return await tokenizer.countPrompt(prompt)
  } finally {
    await tokenizer.close()
  }
}

describe('a server with /tokenize', () => {
  test('is asked for the length of a completion with its special tokens', async () => {
    expect(await countOnce('The day')).toBe(7)
    expect(asked.at(-1)).toMatchObject({
      path: '/tokenize',
      body: { model: 'm', prompt: 'The day', add_special_tokens: true },
    })
  })

  test('is asked for the length of a chat up to where the answer begins', async () => {
    target = { ...target, chat: true }
    await countOnce('The day')
    expect(asked.at(-1)?.body).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'The day' }],
      add_generation_prompt: true,
    })
  })

  test('gets the key and the extra headers', async () => {
    await countOnce('The day', { apiKey: 'sk-1', headers: [['X-Team', 'blue']] })
    expect(asked.at(-1)?.headers).toMatchObject({ authorization: 'Bearer sk-1', 'x-team': 'blue' })
  })

  test('may stand below a path', async () => {
    target = { ...target, baseUrl: `${target.baseUrl}/llm` }
    await countOnce('The day')
    expect(asked.at(-1)?.path).toBe('/llm/tokenize')
  })
})

describe('a server without /tokenize', () => {
  test.each([
    { what: 'says that there is none', status: 404, body: '{"detail":"Not Found"}', message: /HTTP 404$/ },
    { what: 'allows no POST there', status: 405, body: '', message: /HTTP 405$/ },
    { what: 'answers in a form of its own', status: 200, body: '{"tokens":[]}', message: /answers without a count$/ },
    { what: 'counts nothing', status: 200, body: '{"count":0}', message: /answers without a count$/ },
    { what: 'answers with a page', status: 200, body: '<html>', message: /answers without a count$/ },
  ])('is recognised when it $what', async ({ status, body, message }) => {
    answer = (response) => response.writeHead(status).end(body)
    const opening = openServerTokenizer(target, NO_SECRETS)
    await expect(opening).rejects.toBeInstanceOf(ServerHasNone)
    await expect(opening).rejects.toThrow(message)
  })
})

describe('a server in trouble', () => {
  test.each([
    { what: 'an error of its own', status: 500, body: 'engine is dead' },
    { what: 'too much to do', status: 429, body: 'slow down' },
  ])('is an error with its own words when it has $what', async ({ status, body }) => {
    answer = (response) => response.writeHead(status).end(body)
    await expect(countOnce('The day')).rejects.toMatchObject({
      code: 'PREPARE_FAILED',
      message: `the prompts cannot be counted: POST ${target.baseUrl}/tokenize: HTTP ${status}: ${body}`,
    })
  })

  test('is an error with its address when it does not answer', async () => {
    const baseUrl = 'http://127.0.0.1:1'
    await expect(openServerTokenizer({ ...target, baseUrl }, NO_SECRETS)).rejects.toMatchObject({
      code: 'PREPARE_FAILED',
      message: expect.stringMatching(/^the prompts cannot be counted: POST http:\/\/127\.0\.0\.1:1\/tokenize: .+/),
    })
  })
})

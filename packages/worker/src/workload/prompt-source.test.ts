import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Plan, requestBody } from '@llmload/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { plan } from '../../../../test/support/plan.js'
import { type PreparedPrompt, PromptSource, type PromptSourceOptions, THREAD_FILE } from './prompt-source.js'

// Every test starts threads, which takes seconds where other tests keep the cores busy.
vi.setConfig({ testTimeout: 30_000 })

const TOKENIZER = fileURLToPath(new URL('./fixtures/byte-level-bpe', import.meta.url))

const PLAN = plan({
  target: { baseUrl: 'http://127.0.0.1:1' },
  workload: { promptTokens: 100, maxTokens: 10, tokenizer: TOKENIZER },
})

const ALONE = { index: 0, count: 1 }

const sources: PromptSource[] = []
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close()
})

async function prepare(plan: Plan, more: Partial<PromptSourceOptions> = {}): Promise<PromptSource> {
  const secrets = { apiKey: null, headers: [] }
  const source = await PromptSource.prepare({ plan, secrets, share: ALONE, onProgress: () => {}, ...more })
  sources.push(source)
  return source
}

const get = async (source: PromptSource, index: number): Promise<PreparedPrompt> =>
  source.take(index) ?? (await source.next(index))

async function getAll(source: PromptSource, indices: readonly number[]): Promise<PreparedPrompt[]> {
  const prompts: PreparedPrompt[] = []
  for (const index of indices) prompts.push(await get(source, index))
  return prompts
}

const range = (from: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => from + i * step)

const promptIn = ({ body }: PreparedPrompt): string => JSON.parse(body.toString()).prompt

const built = existsSync(THREAD_FILE)
const title = built
  ? 'prompts from the thread'
  : 'prompts from the thread (skipped: the package is not built; run `npm run build`)'

describe.skipIf(!built)(title, () => {
  test('lie ready when prepared, with progress up to the last one', async () => {
    const progress: [number, number][] = []
    const source = await prepare(PLAN, { onProgress: (done, total) => progress.push([done, total]) })
    expect(range(0, 32).map((index) => source.take(index)?.index)).toEqual(range(0, 32))
    expect(progress.at(-1)).toEqual([32, 32])
    expect(source.description).toBe(`tokenizer.json in ${TOKENIZER}`)
    expect(source.warnings).toEqual([])
  })

  test.each([
    { users: 1, step: 1, ready: 32 }, // never fewer, for a pause of the thread
    { users: 100, step: 1, ready: 200 }, // two for each user
    { users: 100, step: 4, ready: 50 }, // a quarter of the users is here
    { users: 1000, step: 1, ready: 256 }, // never more
  ])('$users users over $step workers find $ready ready', async ({ users, step, ready }) => {
    const source = await prepare({ ...PLAN, load: { ...PLAN.load, users } }, { share: { index: 0, count: step } })
    for (const index of range(0, ready, step)) expect(source.take(index)?.index).toBe(index)
    expect(source.take(ready * step)).toBeNull()
  })

  test('are complete request bodies of exactly the length asked for', async () => {
    const source = await prepare(PLAN)
    const prompt = await get(source, 0)
    expect(prompt.body.toString()).toBe(requestBody(PLAN, promptIn(prompt)))
    expect(prompt.promptTokens).toBe(100)
    // The fixture puts one token before a completion, and none is counted around generated text.
    expect(await source.countTokens(promptIn(prompt))).toBe(99)
  })

  test('of three workers are together those of one', async () => {
    const whole = await getAll(await prepare(PLAN), range(0, 30))
    const parts: PreparedPrompt[] = []
    for (const index of [0, 1, 2])
      parts.push(...(await getAll(await prepare(PLAN, { share: { index, count: 3 } }), range(index, 10, 3))))
    parts.sort((a, b) => a.index - b.index)
    expect(parts.map(({ index, body }) => [index, body.toString()])).toEqual(
      whole.map(({ index, body }) => [index, body.toString()]),
    )
  })

  test('keep coming in order, past the look-ahead and for those who wait', async () => {
    const source = await prepare(PLAN)
    for (const index of range(0, 32)) source.take(index)
    expect(source.take(32)).toBeNull()
    const waiting = await Promise.all([32, 33, 34].map((index) => get(source, index)))
    const following = await getAll(source, range(35, 200))
    expect([...waiting, ...following].map(({ index }) => index)).toEqual(range(32, 203))
  })

  test('pass over requests that were never sent', async () => {
    const source = await prepare(PLAN)
    expect((await get(source, 5)).index).toBe(5)
    expect((await get(source, 100_000)).index).toBe(100_000)
    expect((await getAll(source, range(100_001, 80))).map(({ index }) => index)).toEqual(range(100_001, 80))
  })

  test('follow another share: what lies ready of it stays, the rest is made, with the same contents', async () => {
    const source = await prepare(PLAN, { share: { index: 0, count: 2 } })
    const whole = await getAll(await prepare(PLAN), range(0, 60))
    await getAll(source, range(0, 4, 2))
    source.follow(range(10, 50)[Symbol.iterator]())
    expect(source.take(10)?.index).toBe(10)
    const others = await getAll(source, range(11, 49))
    expect(others.map(promptIn)).toEqual(whole.slice(11).map(promptIn))
  })

  test('with nothing to follow still come for a request that is to be sent', async () => {
    const source = await prepare(PLAN)
    source.follow([][Symbol.iterator]())
    expect((await get(source, 7)).index).toBe(7)
  })

  test('are not prepared in larger number than the run may send, but there are more if it needs them', async () => {
    const source = await prepare({ ...PLAN, load: { ...PLAN.load, maxRequests: 9 } }, { share: { index: 1, count: 2 } })
    expect(range(1, 6, 2).map((index) => source.take(index)?.index)).toEqual([1, 3, 5, 7, 9, undefined])
    expect((await source.next(11)).index).toBe(11)
  })

  test('take no more than 64 MiB while they lie ready', async () => {
    const instruction = 'x'.repeat(20 * 2 ** 20)
    const server = createServer((_, response) => response.writeHead(404).end())
    const baseUrl = await listen(server)
    const workload = { ...PLAN.workload, promptTokens: 6 * 2 ** 20, instruction, tokenizer: null }
    const source = await prepare({ ...PLAN, target: { ...PLAN.target, baseUrl }, workload })
    server.close()
    expect([source.take(0), source.take(1), source.take(2)].map((prompt) => prompt?.index)).toEqual([0, 1, undefined])
  })

  test('that cannot be made are an error of the thread with code and way out', async () => {
    const workload = { ...PLAN.workload, tokenizer: './no/such/folder' }
    await expect(prepare({ ...PLAN, workload })).rejects.toMatchObject({
      name: 'LoadError',
      code: 'TOKENIZER',
      message: expect.stringContaining('no/such/folder'),
      hint: expect.stringContaining('tokenizer.json'),
    })
  })

  test('end with an error for those who wait when the source is closed', async () => {
    const source = await prepare(PLAN)
    await getAll(source, range(0, 32))
    const waiting = source.next(32)
    const counting = source.countTokens('The day')
    const closed = source.close()
    await expect(waiting).rejects.toThrow('closed')
    await expect(counting).rejects.toThrow('closed')
    await closed
  })
})

describe.skipIf(!built)('without a tokenizer', () => {
  let server: Server
  let status = 200
  let plan: Plan
  beforeEach(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const { prompt } = JSON.parse(Buffer.concat(chunks).toString())
      response.writeHead(status).end(JSON.stringify({ count: 1 + (prompt.match(/\n\n|[A-Za-z]+|[.,]/g)?.length ?? 0) }))
    })
    const baseUrl = await listen(server)
    plan = { ...PLAN, target: { ...PLAN.target, baseUrl }, workload: { ...PLAN.workload, tokenizer: null } }
  })
  afterEach(() => {
    server.close()
    server.closeAllConnections()
  })

  test('the server counts the prompts, but not what it generates', async () => {
    status = 200
    const source = await prepare(plan)
    expect(source.description).toBe("the server's /tokenize")
    expect(await get(source, 0)).toMatchObject({ index: 0, promptTokens: 100 })
    expect(source.countsTokens).toBe(false)
    expect(source.countTokens('The day')).toBeNull()
  })

  test('a server that cannot count leaves an estimate that says so', async () => {
    status = 404
    const source = await prepare(plan)
    expect(source.description).toBe('estimate of 4 characters per token')
    expect(source.warnings).toEqual([
      `the server counts no tokens for us (POST ${plan.target.baseUrl}/tokenize: HTTP 404), so the prompts have about 100 ` +
        'tokens by an estimate of 4 characters per token; --tokenizer makes them exact',
    ])
    const prompt = await get(source, 0)
    expect(prompt.promptTokens).toBeNull()
    expect(promptIn(prompt)).toHaveLength(400)
  })
})

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

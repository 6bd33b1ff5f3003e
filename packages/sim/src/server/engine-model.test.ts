import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SimOptions } from '../options.js'
import { type Sim, startSim } from '../sim.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llmload-engine-'))
})
afterEach(() => rm(folder, { recursive: true }))

interface Truth {
  readonly received_ns: number
  readonly start_ns: number
  readonly chunk_ns: number[]
  readonly cached_tokens: number | null
}

const start = (options: Partial<SimOptions>) =>
  startSim({ port: 0, ttftMs: 20, itlMs: 5, truthLog: join(folder, 'truth.ndjson'), ...options })

async function ask(sim: Sim, body: object = {}): Promise<string> {
  const response = await fetch(`${sim.url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a', max_tokens: 5, ignore_eos: true, stream: true, stream_options: {}, ...body }),
  })
  return response.text()
}

/** What happened, in the order in which it began. */
async function truthOf(sim: Sim): Promise<Truth[]> {
  await sim.close()
  const [, ...lines] = (await readFile(join(folder, 'truth.ndjson'), 'utf8')).trim().split('\n')
  return lines.map((line): Truth => JSON.parse(line)).sort((a, b) => a.start_ns - b.start_ns)
}

const ms = (fromNs: number | undefined, toNs: number | undefined) =>
  ((toNs ?? Number.NaN) - (fromNs ?? Number.NaN)) / 1e6

describe('the queue', () => {
  test.each([true, false])(
    'serves one after the other, exactly as long as each takes (streamed: %s)',
    async (stream) => {
      const sim = await start({ maxNumSeqs: 1 })
      const body = stream ? {} : { stream, stream_options: null }
      await Promise.all([1, 2, 3, 4].map(() => ask(sim, body)))
      const truths = await truthOf(sim)
      // 20 ms to the first token and four more of 5 ms: the schedule knows no lateness.
      const gaps = truths.slice(1).map(({ start_ns }, i) => ms(truths[i]?.start_ns, start_ns))
      for (const gap of gaps) expect(gap).toBeCloseTo(40, 3)
      expect(truths[0]?.start_ns).toBe(truths[0]?.received_ns)
    },
  )

  test('shows in the statistics, and is left by who goes away', async () => {
    const sim = await start({ maxNumSeqs: 1, ttftMs: 60_000 })
    const leave = new AbortController()
    const left = fetch(`${sim.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"prompt":"a"}',
      signal: leave.signal,
    }).catch(() => 'left')
    await expect.poll(() => sim.stats.running).toBe(1)
    const next = ask(sim).catch(() => 'closed')
    await expect.poll(() => sim.stats.waiting).toBe(1)
    leave.abort()
    expect(await left).toBe('left')
    await expect.poll(() => [sim.stats.running, sim.stats.waiting]).toEqual([1, 0])
    await sim.close()
    await next
  })
})

describe('the batch', () => {
  test.each([true, false])('makes tokens slower by so much for each sequence in it (streamed: %s)', async (stream) => {
    const sim = await start({ itlUsPerSequence: 2000, ttftMs: 300 })
    const body = stream ? { max_tokens: 9 } : { max_tokens: 9, stream, stream_options: null }
    await Promise.all([1, 2, 3].map(() => ask(sim, body)))
    const [truth] = await truthOf(sim)
    const sentMs = truth?.chunk_ns.map((ns) => ms(truth.received_ns, ns)) ?? []
    // 5 ms and 3 × 2 ms from token to token; the first one to begin ends with all three in the batch.
    const dueMs = stream ? sentMs.map((_, i) => 300 + 11 * i) : [300 + 11 * 8]
    const lateMs = sentMs.map((ms, i) => ms - (dueMs[i] ?? Number.NaN))
    expect(Math.min(...lateMs)).toBeGreaterThan(-0.01)
    expect(Math.min(...lateMs)).toBeLessThan(5)
  })
})

describe('the prefix cache', () => {
  test('spares the prefill of what it holds, and usage tells the truth about it', async () => {
    const sim = await start({ ttftMs: 0, prefillUsPerToken: 1000, prefixCacheTokens: 1600 })
    const prompt = 'a '.repeat(50)
    const [first, second] = [await ask(sim, { prompt }), await ask(sim, { prompt })]
    const [cold, warm] = await truthOf(sim)
    expect(first).toContain('"prompt_tokens_details":{"cached_tokens":0}')
    expect(second).toContain('"prompt_tokens_details":{"cached_tokens":48}')
    expect([cold?.cached_tokens, warm?.cached_tokens]).toEqual([0, 48])
    const [coldMs, warmMs] = [cold, warm].map((truth) => ms(truth?.start_ns, truth?.chunk_ns[0]))
    expect(coldMs).toBeGreaterThanOrEqual(51)
    expect(warmMs).toBeGreaterThanOrEqual(3)
    expect(warmMs).toBeLessThan(40)
  })

  test('is not there unless it is asked for', async () => {
    const sim = await start({ ttftMs: 0 })
    expect(await ask(sim)).not.toContain('cached_tokens')
    expect(await truthOf(sim)).toMatchObject([{ cached_tokens: null }])
  })
})

describe('stamps', () => {
  test.each([
    { story: 'in every chunk', options: {}, body: {} },
    { story: 'with several answers and tokens', options: { tokensPerChunk: 2 }, body: { n: 2 } },
    { story: 'in a stream that is compressed', options: { quirk: ['gzip'] }, body: {} },
  ])('are those of the truth log, $story', async ({ options, body }) => {
    const sim = await start({ stampChunks: true, ...options })
    const stream = await ask(sim, body)
    const [truth] = await truthOf(sim)
    const events = stream.split('\n\n').filter((event) => event.includes('"text"'))
    const stamps = events.map((event): number => JSON.parse(event.slice('data: '.length)).sent_ns)
    const sentNs = truth?.chunk_ns ?? []
    expect(new Set(stamps).size).toBe(sentNs.length)
    const apartMs = [...new Set(stamps)].map((stamp, i) => ms(stamp, sentNs[i]))
    // What is compressed goes a moment after it was stamped.
    const boundMs = 'quirk' in options ? 1000 : 1e-5
    for (const apart of apartMs) {
      expect(apart).toBeGreaterThanOrEqual(-1e-5)
      expect(apart).toBeLessThan(boundMs)
    }
  })
})

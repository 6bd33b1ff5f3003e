import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { paceOf } from '../engine/pace.js'
import { parseSimOptions, type SimOptions } from '../options.js'
import { type Sim, startSim } from '../sim.js'

let folder = ''
let truthLog = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llmload-sim-'))
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(({ task }) => {
  truthLog = join(folder, `${task.id}.ndjson`)
})

interface Truth {
  readonly id: string | null
  readonly peer: string
  readonly body_sha256: string | null
  readonly status: number
  readonly received_ns: number
  readonly headers_ns: number
  readonly chunk_ns: number[]
  readonly chunk_tokens: number[]
  readonly end_ns: number
  readonly ended: string
  readonly fault: string | null
  readonly sent_tokens: number
}

const nowNs = () => Number(process.hrtime.bigint())

/** One answer as its client saw it. */
interface Seen {
  readonly status: number
  readonly sentNs: number
  readonly headersNs: number
  readonly reads: readonly { readonly atNs: number; readonly bytes: Buffer }[]
  readonly text: string
  /** Whether the body ended as HTTP says it must. */
  readonly complete: boolean
}

const start = (options: Partial<SimOptions> = {}) => startSim({ port: 0, ttftMs: 20, itlMs: 5.2, truthLog, ...options })

/** Asks for a completion; `onRead` may leave. */
function ask(sim: Sim, body: object, onRead: (client: ClientRequest) => unknown = () => undefined): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const sentNs = nowNs()
    const headers = { 'content-type': 'application/json' }
    const client = request(`${sim.url}/v1/completions`, { method: 'POST', headers, agent: false })
    client.on('error', reject)
    client.on('response', (response: IncomingMessage) => {
      const headersNs = nowNs()
      const reads: { atNs: number; bytes: Buffer }[] = []
      response.on('data', (bytes: Buffer) => {
        reads.push({ atNs: nowNs(), bytes })
        onRead(client)
      })
      response.on('error', () => undefined)
      response.on('close', () => {
        const text = Buffer.concat(reads.map((read) => read.bytes)).toString()
        resolve({ status: response.statusCode ?? 0, sentNs, headersNs, reads, text, complete: response.complete })
      })
    })
    client.end(JSON.stringify({ prompt: 'a', max_tokens: 12, ignore_eos: true, stream: true, ...body }))
  })
}

/** Closes a simulator and reads what it wrote of its requests. */
async function truthOf(sim: Sim): Promise<Truth[]> {
  await sim.close()
  const [anchor, ...lines] = (await readFile(truthLog, 'utf8')).trim().split('\n')
  const { monotonic_ns, wall_ms } = JSON.parse(anchor ?? '').anchor
  expect(Math.abs(Date.now() - (nowNs() - monotonic_ns) / 1e6 - wall_ms)).toBeLessThan(50)
  return lines.map((line) => JSON.parse(line))
}

const msBetween = (fromNs: number | undefined, toNs: number | undefined) => ((toNs ?? NaN) - (fromNs ?? NaN)) / 1e6

/** What three quarters of the values exceed: on a busy machine, some chunks wait for the processor. */
const lowerQuartile = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 4)] ?? Number.NaN

describe('the truth log', () => {
  test('says when chunks were really sent: on time, and before the client has them', async () => {
    const sim = await start()
    const seen = await ask(sim, { max_tokens: 100 })
    const [truth] = await truthOf(sim)
    const lates = truth?.chunk_ns.map((ns, i) => msBetween(truth.received_ns, ns) - (20 + i * 5.2)) ?? []
    expect(lates).toHaveLength(100)
    expect(Math.min(...lates)).toBeGreaterThanOrEqual(-0.001)
    expect(lowerQuartile(lates)).toBeLessThan(1)

    expect(truth?.received_ns).toBeGreaterThan(seen.sentNs)
    expect(truth?.headers_ns).toBeLessThan(seen.headersNs)
    expect(truth?.chunk_ns[0]).toBeLessThan(seen.reads[0]?.atNs ?? 0)
    expect(truth?.end_ns).toBeLessThan(seen.reads.at(-1)?.atNs ?? 0)
  })

  test('has a line for each request, with what came of it', async () => {
    const sim = await start({ ttftMs: 1, itlMs: 0 })
    await fetch(`${sim.url}/health`)
    await ask(sim, { n: 2, max_tokens: 3 })
    await ask(sim, { stream: false, max_tokens: 3 })
    await ask(sim, { max_tokens: 0 })
    const truths = await truthOf(sim)
    expect(truths).toMatchObject([
      { id: null, path: '/health', status: 200, chunk_ns: [], ended: 'finished' },
      { path: '/v1/completions', status: 200, chunk_tokens: [2, 2, 2], sent_tokens: 6, prompt_tokens: 1 },
      { id: expect.stringMatching(/^cmpl-/), status: 200, chunk_tokens: [3], sent_tokens: 3, ended: 'finished' },
      { id: null, status: 400, chunk_ns: [], prompt_tokens: null },
    ])
  })

  test('says who sent a request, and tells contents apart', async () => {
    const sim = await start({ ttftMs: 1, itlMs: 0 })
    for (const prompt of ['a', 'b', 'a']) await ask(sim, { prompt })
    await fetch(`${sim.url}/health`)
    const truths = await truthOf(sim)
    expect(truths.map(({ peer }) => peer)).toEqual(Array.from({ length: 4 }, () => '127.0.0.1'))
    const [first, second, third, health] = truths.map(({ body_sha256 }) => body_sha256)
    const body = JSON.stringify({ prompt: 'a', max_tokens: 12, ignore_eos: true, stream: true })
    expect(first).toBe(createHash('sha256').update(body).digest('hex'))
    expect(second).not.toBe(first)
    expect({ third, health }).toEqual({ third: first, health: null })
  })

  test('shows the times that follow from the seed', async () => {
    const spread = {
      ttftMs: 10,
      ttftDistribution: 'exponential',
      itlMs: 4,
      itlDistribution: 'uniform',
      seed: 5,
    } as const
    const sim = await start(spread)
    await ask(sim, {})
    const [truth] = await truthOf(sim)
    const pace = paceOf({ ...parseSimOptions({}).options, ...spread }, 0, 1)
    let dueMs = 0
    const lates = truth?.chunk_ns.map((ns, i) => {
      dueMs += i === 0 ? pace.firstTokenMs : pace.nextGapMs()
      return msBetween(truth.received_ns, ns) - dueMs
    })
    expect(lates).toHaveLength(12)
    expect(Math.min(...(lates ?? []))).toBeGreaterThanOrEqual(-0.001)
    expect(Math.min(...(lates ?? []))).toBeLessThan(1)
  })
})

describe('the headers of a stream', () => {
  test('go out at once', async () => {
    const sim = await start({ ttftMs: 60 })
    const seen = await ask(sim, {})
    const [truth] = await truthOf(sim)
    expect(msBetween(seen.headersNs, truth?.chunk_ns[0])).toBeGreaterThan(20)
  })

  test('wait for the first token where they are told to', async () => {
    const sim = await start({ ttftMs: 60, quirk: ['late-headers'] })
    const seen = await ask(sim, {})
    const [truth] = await truthOf(sim)
    expect(truth?.headers_ns).toBe(truth?.chunk_ns[0])
    expect(seen.headersNs).toBeGreaterThan(truth?.chunk_ns[0] ?? 0)
  })
})

describe('a character cut in two', () => {
  test('counts as sent with its second half, and is read in two parts', async () => {
    const sim = await start({ ttftMs: 1, itlMs: 3, quirk: ['split-utf8'] })
    const seen = await ask(sim, { max_tokens: 150 })
    const [truth] = await truthOf(sim)
    const halves = seen.reads.filter(({ bytes }) => (bytes.at(-1) ?? 0) >= 0xc0)
    expect(halves.length).toBeGreaterThan(0)
    expect(seen.complete).toBe(true)
    expect(truth?.sent_tokens).toBe(150)
  })
})

describe('faults', () => {
  test('an HTTP status, for every second request', async () => {
    const sim = await start({ ttftMs: 1, itlMs: 0, failEvery: 2, failStatus: 503 })
    const seen = [await ask(sim, {}), await ask(sim, {}), await ask(sim, {})]
    const truths = await truthOf(sim)
    expect(seen.map(({ status }) => status)).toEqual([200, 503, 200])
    expect(JSON.parse(seen[1]?.text ?? '')).toEqual({
      error: { message: 'Service Unavailable', type: 'ServiceUnavailable', param: null, code: 503 },
    })
    expect(truths.map(({ ended, fault }) => [ended, fault])).toEqual([
      ['finished', null],
      ['injected', 'fail'],
      ['finished', null],
    ])
  })

  test.each([
    { story: 'after its tokens', dieAfterTokens: 4, tokensPerChunk: 1, sent: 4 },
    { story: 'before the first token', dieAfterTokens: 0, tokensPerChunk: 1, sent: 0 },
    { story: 'in what would be a fuller chunk', dieAfterTokens: 4, tokensPerChunk: 5, sent: 4 },
    { story: 'but always before the end', dieAfterTokens: 50, tokensPerChunk: 1, sent: 11 },
  ])('death $story', async ({ sent, ...options }) => {
    const sim = await start({ itlMs: 1, ...options })
    const seen = await ask(sim, {})
    const [truth] = await truthOf(sim)
    expect(seen.complete).toBe(false)
    expect(seen.text).not.toMatch(/\[DONE\]|"length"/)
    expect(truth).toMatchObject({ ended: 'injected', fault: 'die', sent_tokens: sent })
  })

  test('an error event under HTTP 200', async () => {
    const sim = await start({ itlMs: 1, errorAfterTokens: 3 })
    const seen = await ask(sim, {})
    const [truth] = await truthOf(sim)
    const error =
      '{"error": {"message": "Internal server error", "type": "InternalServerError", "param": null, "code": 500}}'
    expect(seen.text.split('\n\n').slice(3)).toEqual([`data: ${error}`, 'data: [DONE]', ''])
    expect([seen.status, seen.complete, truth?.ended]).toEqual([200, true, 'injected'])
  })

  test('silence, until the client leaves', async () => {
    const sim = await start({ ttftMs: 1, itlMs: 1, stallAfterTokens: 2 })
    // Long after the answer would have been over.
    const leave = (client: ClientRequest) => setTimeout(() => client.destroy(), 60)
    const seen = await ask(sim, {}, leave)
    const [truth] = await truthOf(sim)
    expect(seen.text.match(/"text"/g)).toHaveLength(2)
    expect(truth).toMatchObject({ ended: 'aborted', fault: 'stall', sent_tokens: 2 })
  })

  test('strike answers in one piece as well', async () => {
    const dying = await start({ ttftMs: 1, itlMs: 0, dieEvery: 1 })
    await expect(ask(dying, { stream: false })).rejects.toThrow('socket hang up')
    expect(await truthOf(dying)).toMatchObject([{ ended: 'injected', fault: 'die' }])
    const failing = await start({ ttftMs: 1, itlMs: 0, errorEvery: 1 })
    const seen = await ask(failing, { stream: false })
    expect([seen.status, JSON.parse(seen.text).error.type]).toEqual([500, 'InternalServerError'])
    expect(await truthOf(failing)).toMatchObject([{ ended: 'injected', fault: 'error', status: 500 }])
  })
})

describe('the end of a connection', () => {
  test('is noticed when the client leaves', async () => {
    const sim = await start({ ttftMs: 1, itlMs: 20 })
    await ask(sim, {}, (client) => client.destroy())
    await expect.poll(() => sim.stats.endings.aborted).toBe(1)
    expect(sim.stats.running).toBe(0)
    const [truth] = await truthOf(sim)
    expect(truth).toMatchObject({ ended: 'aborted', fault: null })
    expect(truth?.sent_tokens).toBeLessThan(12)
  })

  test('is noticed when the client leaves before it has sent its whole request', async () => {
    const sim = await start()
    const socket = connect(sim.port, '127.0.0.1')
    socket.write('POST /v1/completions HTTP/1.1\r\nhost: sim\r\ncontent-length: 100\r\n\r\n{')
    await expect.poll(() => sim.stats.requests).toBe(1)
    socket.destroy()
    await expect.poll(() => sim.stats.endings.aborted).toBe(1)
    expect(await truthOf(sim)).toMatchObject([{ id: null, ended: 'aborted', headers_ns: null }])
  })

  test('comes at once when the simulator is closed, and the log is complete', async () => {
    const sim = await start({ ttftMs: 1, itlMs: 60_000 })
    let closing: Promise<Truth[]> | undefined
    const seen = await ask(sim, {}, () => {
      closing = truthOf(sim)
    })
    expect(seen.complete).toBe(false)
    expect(await closing).toMatchObject([{ ended: 'closed', sent_tokens: 1 }])
    await expect(fetch(sim.url)).rejects.toThrow()
  })
})

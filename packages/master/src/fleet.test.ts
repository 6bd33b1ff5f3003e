import type { Log } from '@llmload/core'
import { MAX_FRAME_BYTES, PROTOCOL_VERSION } from '@llmload/core'
import { test as baseTest, describe, expect } from 'vitest'
import { configOf } from '../test/master-run.js'
import { SkewedClock, VERSION, WireWorker } from '../test/wire-worker.js'
import { Fleet } from './fleet.js'
import { openPort } from './server.js'

const write = (): void => {}
const log: Log = { debug: write, info: write, warn: write, error: write }

const test = baseTest.extend<{ open: () => Promise<Opened> }>({
  open: async ({ onTestFinished }, use) => {
    await use(async () => {
      const clock = new SkewedClock()
      const fleet = new Fleet({
        ...{ clock, log, version: VERSION, runId: 'r', graceMs: 0, whyClosed: () => null },
        ...{ onDelta: () => {}, onFrames: () => {} },
        onRequests: (_, { seq }) => {
          if (seq > 1) throw new RangeError(`number ${seq} is none`)
        },
      })
      const server = await openPort('master', configOf().fleet, {
        ...{ clock, log, stderr: () => {}, tls: null, routes: [] },
        onWorker: (socket) => fleet.accept(socket),
      })
      onTestFinished(async () => {
        await fleet.close()
        await server.close()
      })
      return {
        fleet,
        clock,
        connect: () => WireWorker.connect(server.address),
        join: (pid) => WireWorker.join(server.address, pid),
      }
    })
  },
})

interface Opened {
  readonly fleet: Fleet
  readonly clock: SkewedClock
  readonly connect: () => Promise<WireWorker>
  readonly join: (pid?: number) => Promise<WireWorker>
}

const gone = async (fleet: Fleet): Promise<string | undefined> => {
  await fleet.watch.until(() => fleet.members.some((member) => member.gone !== null), {
    untilMs: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
  })
  return fleet.members.find((member) => member.gone !== null)?.gone?.how
}

describe.concurrent('a worker', () => {
  test('is named after its host and process, uniquely', async ({ open }) => {
    const { fleet, connect } = await open()
    for (const host of ['gpu-box', 'gpu-box', 'gpu-box', 'evil\nhost']) {
      const worker = await connect()
      worker.hello({ host, pid: 7 })
      await worker.next('welcome')
    }
    expect(fleet.members.map(({ id }) => id)).toEqual(['gpu-box-7', 'gpu-box-7-2', 'gpu-box-7-3', 'evil_host-7'])
  })

  test.for([
    {
      hello: { version: '9.9.9' },
      words: `the worker is llmload 9.9.9 (protocol ${PROTOCOL_VERSION}), the master is llmload 1.2.3`,
    },
    { hello: { protocol: 99 }, words: `the worker is llmload 1.2.3 (protocol 99), the master is llmload 1.2.3` },
  ])('of another version $hello is refused with both values', async ({ hello, words }, { open }) => {
    const { fleet, connect } = await open()
    const worker = await connect()
    worker.hello(hello)
    const refused = await worker.next('refused')
    expect(refused.message).toContain(words)
    expect(refused.hint).toBe('install the same version on all hosts')
    expect((await worker.closed).code).toBe(1008)
    expect(fleet.members).toEqual([])
  })

  test('gets a heartbeat every second', async ({ open }) => {
    const { clock, join } = await open()
    const worker = await join()
    await worker.next('heartbeat')
    const firstMs = clock.nowMs()
    await worker.next('heartbeat')
    expect(clock.nowMs() - firstMs).toBeGreaterThan(500)
  })

  test('that is silent for more than five seconds is gone', { timeout: 15_000 }, async ({ open }) => {
    const { fleet, clock, join } = await open()
    const worker = await join()
    const lost = gone(fleet)
    await worker.next('heartbeat')
    clock.aheadMs += 1900 // with the second that passes: not yet a stall of the master
    await worker.next('heartbeat')
    expect(fleet.present).toHaveLength(1) // 3.9 s
    clock.aheadMs += 1900
    expect(await lost).toMatch(/^said nothing for [67] s$/)
  })

  test('is not gone because the master itself was stopped for a minute', async ({ open }) => {
    const { fleet, clock, join } = await open()
    const worker = await join()
    await worker.next('heartbeat')
    clock.aheadMs += 60_000
    await worker.next('heartbeat')
    await worker.next('heartbeat')
    expect(fleet.present).toHaveLength(1)
  })

  test('that is sent away is not lost', async ({ open }) => {
    const { fleet, join } = await open()
    const worker = await join()
    fleet.dismiss(fleet.members[0] ?? expect.fail('nobody joined'), 'not needed')
    expect(await worker.next('bye')).toMatchObject({ type: 'bye' })
    expect(await worker.closed).toEqual({ code: 1000, reason: 'not needed' })
    expect(fleet.present).toEqual([])
    expect(fleet.members[0]?.gone).toBeNull()
  })
})

describe.concurrent('the connection is closed, with the reason, to', () => {
  test('a worker whose single requests cannot be logged', async ({ open }) => {
    const { fleet, join } = await open()
    const worker = await join()
    const [member] = fleet.members
    if (member) member.state = 'running'
    const batch = { type: 'requests' as const, delta: 1, requests: [], dropped: 0 }
    worker.send({ ...batch, seq: 1 })
    worker.send({ ...batch, seq: 2 })
    expect(await worker.closed).toEqual({ code: 1008, reason: 'requests that cannot be logged: number 2 is none' })
    expect(member?.gone?.how).toBe('sent what it must not: requests that cannot be logged: number 2 is none')
  })

  const json = JSON.stringify
  test.for([
    { frame: 'garbage', why: /no JSON/ },
    { frame: Buffer.from([1, 2, 3]), why: /a binary frame/ },
    { frame: json({ type: 'launch' }), why: /Invalid/ },
    { frame: json({ type: 'ping' }), why: /workerMs/ },
    { frame: json({ type: 'ping', workerMs: 1, more: true }), why: /Unrecognized/ },
    {
      frame: json({ type: 'ready', clock: { offsetMs: 0, errorMs: 1 }, tokenizer: '', warnings: [] }),
      why: /a ready while joined/,
    },
    { frame: json({ type: 'hello', protocol: 1, version: VERSION, host: 'h', pid: 2 }), why: /a hello while joined/ },
    { frame: json({ type: 'drained', lastSeq: 0, lastSentMs: null, endedMs: 0 }), why: /a drained while joined/ },
  ])('one who sends $frame', async ({ frame, why }, { open }) => {
    const { fleet, join } = await open()
    const worker = await join()
    worker.socket.send(frame)
    const { code, reason } = await worker.closed
    expect(code).toBe(1008)
    expect(reason).toMatch(why)
    expect(await gone(fleet)).toMatch(/^sent what it must not: /)
  })

  test('one who begins without a hello', async ({ open }) => {
    const { connect } = await open()
    const worker = await connect()
    worker.send({ type: 'ping', workerMs: 1 })
    expect(await worker.closed).toEqual({ code: 1008, reason: 'a ping before its hello' })
  })

  test('one who sends a frame that is too large', async ({ open }) => {
    const { fleet, join } = await open()
    const worker = await join()
    worker.socket.send(Buffer.alloc(MAX_FRAME_BYTES + 1, 0x20))
    expect((await worker.closed).code).toBe(1009)
    expect(await gone(fleet)).toMatch(/^broke the connection: Max payload size exceeded/)
  })
})

test.concurrent('a fleet that closes says goodbye to everyone', async ({ open }) => {
  const { fleet, join } = await open()
  const workers = [await join(1), await join(2)]
  await Promise.all([fleet.close(), ...workers.map((worker) => worker.next('bye'))])
  for (const worker of workers) expect(await worker.closed).toEqual({ code: 1000, reason: 'the run is over' })
})

import { type Log, type MasterMessage, systemClock } from '@llmload/core'
import { test as baseTest, describe, expect } from 'vitest'
import { TcpProxy } from '../../../../test/support/tcp-proxy.js'
import { WireMaster } from '../../test/wire-master.js'
import { MasterSession } from './master-session.js'

const clock = systemClock()
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

interface Link {
  readonly session: MasterSession
  readonly master: WireMaster
  readonly network: TcpProxy
}

const test = baseTest.extend<{ link: (maxWaitMs?: number) => Promise<Link> }>({
  link: async ({ onTestFinished }, use) => {
    await use(async (maxWaitMs = 5000) => {
      const master = await WireMaster.listen()
      const network = await TcpProxy.listen(master.port)
      const session = sessionAt(network.port, maxWaitMs)
      onTestFinished(async () => {
        session.close()
        await network.close()
        await master.close()
      })
      return { session, master, network }
    })
  },
})

const sessionAt = (port: number, maxWaitMs = 5000): MasterSession =>
  new MasterSession({ url: `ws://127.0.0.1:${port}/worker`, token: null, clock, log: silent, version: '1', maxWaitMs })

const stop = (n: number, now = false): MasterMessage & { n: number } => ({ n, type: 'stop', now })
const started = (lateByMs: number) => ({ type: 'started', lateByMs }) as const

describe('a session with the master', () => {
  test('begins with a hello, and goes on after a broken connection with the key it was given', async ({ link }) => {
    const { session, master, network } = await link()
    expect((await master.welcome()).resume).toBeUndefined()
    await session.expect('welcome')
    master.send(stop(1))
    await session.expect('stop')
    network.cut()
    network.mend()
    expect((await master.next('hello')).resume).toEqual({ runId: 'r', workerId: 'w', key: 'k', heard: 1 })
  })

  test('says again what the master has not heard, and what was said meanwhile, in order', async ({ link }) => {
    const { session, master, network } = await link()
    await master.welcome()
    await session.expect('welcome')
    session.send(started(1))
    session.send(started(2))
    await master.next('started')
    await master.next('started')
    network.cut()
    await session.parted()
    session.send(started(3))
    session.send({ type: 'note', message: 'worth nothing later' })
    network.mend()
    await master.next('hello')
    master.send({ type: 'resumed', heard: 1 })
    expect(await master.next('started')).toEqual({ n: 2, ...started(2) })
    expect(await master.next('started')).toEqual({ n: 3, ...started(3) })
    expect(master.received.map(({ type }) => type)).not.toContain('note')
    master.send({ type: 'heard', last: 3 })
    await session.flushed()
  })

  test('takes what the master says again only once, in the order of its numbers', async ({ link }) => {
    const { session, master } = await link()
    await master.welcome()
    const heard: boolean[] = []
    session.handle('stop', ({ now }) => heard.push(now))
    for (const message of [stop(1), stop(1), stop(2, true), stop(1), stop(2, true), stop(3)]) master.send(message)
    master.send({ n: 4, type: 'bye' })
    await session.expect('bye')
    expect(heard).toEqual([false, true, false])
  })

  test.for([
    { frame: 'garbage', story: 'is garbled' },
    { frame: JSON.stringify(stop(7)), story: 'shows that one before it is missing' },
    { frame: JSON.stringify({ type: 'heard', last: 9 }), story: 'has heard what was never said' },
  ])('gives a connection up on which a message $story, and goes on with another', async ({ frame }, { link }) => {
    const { session, master } = await link()
    await master.welcome()
    await session.expect('welcome')
    master.sendRaw(frame)
    await master.next('hello')
    master.send({ type: 'resumed', heard: 0 })
    master.send(stop(1))
    await session.expect('stop')
  })

  test('is over when the master is not understood three times: that is no network any more', async ({ link }) => {
    const { session, master } = await link()
    await master.welcome()
    for (let fault = 1; fault < 3; fault++) {
      master.sendRaw('garbage')
      await master.next('hello')
      master.send({ type: 'resumed', heard: 0 })
    }
    master.sendRaw('garbage')
    await expect(session.expect('bye')).rejects.toMatchObject({
      code: 'MASTER_REFUSED',
      message: 'this is no master that the worker can work for: it was not understood: no JSON object',
    })
  })

  test('may not load by what the master says on a connection before it has said what was missed', async ({ link }) => {
    const { session, master, network } = await link()
    await master.welcome()
    await session.expect('welcome')
    await session.clock.measure()
    const untilMs = session.mayLoadUntilMs
    expect(untilMs).toBeGreaterThan(clock.nowMs() + 3000)
    network.cut()
    network.mend()
    await master.next('hello')
    master.send({ type: 'heartbeat', masterMs: clock.nowMs() })
    master.send({ type: 'resumed', heard: 0 })
    await session.expect('resumed')
    expect(session.mayLoadUntilMs).toBe(untilMs)
    master.send({ type: 'heartbeat', masterMs: clock.nowMs() })
    master.send(stop(1))
    await session.expect('stop')
    expect(session.mayLoadUntilMs).toBeGreaterThan(untilMs)
  })

  test('makes no more deltas while the master has not heard eight', async ({ link }) => {
    const { session, master } = await link()
    await master.welcome()
    await session.expect('welcome')
    const health = { elu: 0, stampDelayMs: 0, loopDelayP99Ms: 0, loopDelayMaxMs: 0, gcMs: 0, gcMaxMs: 0, cpuCores: 0 }
    const host = { throttledMs: null, stealShare: null, rssBytes: 1, memoryLimitBytes: 1 }
    let seq = 0
    for (; session.takesDelta; )
      session.send({
        ...{ type: 'delta', seq: ++seq, untilMs: 0, ramp: null, measured: null, stages: [], users: 0, inFlight: 0 },
        health: { ...health, ...host },
      })
    expect(seq).toBe(8)
    master.send({ type: 'ack', seq: 1, heard: 1, masterMs: clock.nowMs() })
    master.send(stop(1))
    await session.expect('stop')
    expect(session.takesDelta).toBe(true)
  })
})

describe('a session is over', () => {
  test('when no master is there within the longest wait', async ({ onTestFinished }) => {
    const session = sessionAt(1, 300)
    onTestFinished(() => session.close())
    const startMs = clock.nowMs()
    await expect(session.expect('welcome')).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE', exitCode: 3 })
    expect(clock.nowMs() - startMs).toBeLessThan(2000)
  })

  test('not when one comes until then', async ({ onTestFinished }) => {
    const first = await WireMaster.listen()
    const { port } = first
    const network = await TcpProxy.listen(port)
    network.cut()
    const session = sessionAt(network.port)
    onTestFinished(async () => {
      session.close()
      await network.close()
      await first.close()
    })
    setTimeout(() => network.mend(), 300)
    await first.welcome()
    await session.expect('welcome')
  })

  test('when the master does not come back within the grace time', async ({ link }) => {
    const { session, master, network } = await link()
    await master.welcome(500)
    await session.expect('welcome')
    network.cut()
    await expect(session.flushed().then(() => session.expect('bye'))).rejects.toMatchObject({
      code: 'MASTER_UNREACHABLE',
      message: expect.stringContaining('the master is gone: it could not be reached for 0.5 s'),
    })
    expect(session.over.aborted).toBe(true)
  })

  test('when the master turns the worker away', async ({ link }) => {
    const { session, master } = await link()
    await master.next('hello')
    master.send({ type: 'refused', message: 'the run is over', hint: 'start it again' })
    await expect(session.expect('welcome')).rejects.toMatchObject({
      code: 'MASTER_REFUSED',
      message: 'the master turned this worker away: the run is over',
    })
  })

  test('when nothing gets through for five seconds, it is tried again, until the grace time is over', {
    timeout: 20_000,
  }, async ({ link }) => {
    const { session, master, network } = await link()
    await master.welcome(1000)
    await session.expect('welcome')
    network.stall()
    const startMs = clock.nowMs()
    await expect(session.expect('bye')).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE' })
    expect(clock.nowMs() - startMs).toBeGreaterThan(5000)
    expect(clock.nowMs() - startMs).toBeLessThan(14_000)
  })
})

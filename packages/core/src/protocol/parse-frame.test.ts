import { describe, expect, test } from 'vitest'
import { plan } from '../../../../test/support/plan.js'
import { MAX_FRAME_BYTES } from './messages.js'
import { parseMasterMessage, parseWorkerMessage } from './parse-frame.js'

const PLAN = plan()
const PREPARE = {
  ...{ type: 'prepare', plan: PLAN, share: { index: 0, count: 1 }, keep: { requests: false, frames: 0 } },
  secrets: { apiKey: null, headers: [['a', 'b']] },
}

const problemOf = (parsed: object): string | null => ('problem' in parsed ? String(parsed.problem) : null)

/** As many of a text as a frame holds. */
const many = (unit: string): string => unit.repeat(Math.floor((MAX_FRAME_BYTES - 1000) / unit.length))

describe('a frame from a worker', { timeout: 30_000 }, () => {
  test('has its message and its number', () => {
    expect(parseWorkerMessage('{"n":3,"type":"leaving"}')).toEqual({ n: 3, message: { type: 'leaving' } })
    expect(parseWorkerMessage('{"type":"heartbeat"}')).toEqual({ message: { type: 'heartbeat' } })
  })

  test.each([
    { story: 'no JSON', frame: '{"type":', problem: /^no JSON object$/ },
    { story: 'nothing', frame: 'null', problem: /^no JSON object$/ },
    { story: 'a list', frame: '[]', problem: /^no JSON object$/ },
    { story: 'a number that is none', frame: '{"type":"leaving","n":0}', problem: /^a number that is none$/ },
    { story: 'another type', frame: '{"type":"shutdown"}', problem: /discriminator/ },
    { story: 'the name of a prototype as its type', frame: '{"type":"__proto__"}', problem: /discriminator/ },
    { story: 'a prototype', frame: '{"type":"heartbeat","__proto__":{"type":"bye"}}', problem: /key.*__proto__/ },
    { story: 'a constructor', frame: '{"type":"heartbeat","constructor":{}}', problem: /key.*constructor/ },
    { story: 'a number beyond all', frame: '{"type":"ping","workerMs":1e999}', problem: /workerMs/ },
  ])('is refused with $story', ({ frame, problem }) => {
    expect(problemOf(parseWorkerMessage(frame))).toMatch(problem)
    expect(Object.hasOwn(Object.prototype, 'type')).toBe(false)
  })

  test.each([
    { story: 'a text', frame: `"${many('a')}"` },
    {
      story: 'lists in lists',
      frame: many('[').slice(0, MAX_FRAME_BYTES / 2) + many(']').slice(0, MAX_FRAME_BYTES / 2),
    },
    { story: 'objects in objects', frame: `{"type":${many('{"a":')}` },
    { story: 'unknown members', frame: `{"type":"heartbeat",${Array.from({ length: 3e5 }, (_, i) => `"${i}":1`)}}` },
    {
      story: 'too many requests',
      frame: `{"type":"requests","seq":1,"delta":1,"dropped":0,"requests":[${many('{},')}{}]}`,
    },
    { story: 'a long note', frame: `{"type":"note","message":"${many('x')}"}` },
  ])('full of $story is refused in a short sentence', ({ frame }) => {
    expect(problemOf(parseWorkerMessage(frame))?.length).toBeLessThanOrEqual(500)
  })
})

describe('a frame from a master', () => {
  test('has its message', () => {
    expect(parseMasterMessage(JSON.stringify({ n: 1, ...PREPARE }))).toEqual({ n: 1, message: PREPARE })
  })

  const { load, ...unloaded } = PLAN
  test.each([
    { story: 'no plan', message: { ...PREPARE, plan: undefined }, problem: /at plan/ },
    { story: 'a plan without load', message: { ...PREPARE, plan: unloaded }, problem: /at plan\.load/ },
    {
      story: 'a target that is none',
      message: prepare({ target: { ...PLAN.target, baseUrl: 'file:///etc' } }),
      problem: /baseUrl/,
    },
    { story: 'half a user', message: prepare({ load: { ...load, users: 0.5 } }), problem: /at plan\.load\.users/ },
    {
      story: 'a share of nobody',
      message: { ...PREPARE, share: { index: 1, count: 1 } },
      problem: /a share that is none/,
    },
    {
      story: 'a header that is none',
      message: { ...PREPARE, secrets: { apiKey: null, headers: ['a'] } },
      problem: /headers/,
    },
    { story: 'an order that does not exist', message: { type: 'eval', code: '1' }, problem: /discriminator/ },
  ])('is refused with $story', ({ message, problem }) => {
    expect(problemOf(parseMasterMessage(JSON.stringify(message)))).toMatch(problem)
  })

  function prepare(change: object) {
    return { ...PREPARE, plan: { ...PLAN, ...change } }
  }
})

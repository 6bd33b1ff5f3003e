import { describe, expect, test } from 'vitest'
import { loadPlan } from '../../../../test/support/plan.js'
import { changeUsers, rateCurveOf, userCurveOf } from './load-profile.js'
import type { UserCurve } from './user-curve.js'

const LOAD = loadPlan({ users: 10, spawnRate: 10, runTimeS: 60 })

const atSeconds = (curve: UserCurve, seconds: readonly number[]) => seconds.map((s) => curve.at(s * 1000))

/** All instants at which the number changes, with the number from then on. */
function changes(curve: UserCurve, endMs: number): [ms: number, users: number][] {
  const list: [number, number][] = []
  for (let ms = curve.nextChangeMs(-1); ms < endMs; ms = curve.nextChangeMs(ms)) list.push([ms, curve.at(ms)])
  return list
}

describe('userCurveOf', () => {
  test('users come in the batches of Locust', () => {
    expect(changes(userCurveOf({ ...LOAD, users: 5, spawnRate: 2.4 }), 60_000)).toEqual([
      [0, 2],
      [833.333333, 4],
      [1666.666667, 5],
    ])
  })

  test('stages hold, grow by the spawn rate, ramp evenly, and shrink at once', () => {
    const stages = [
      { durationS: 10, qps: null, users: null },
      { durationS: 10, qps: null, users: { from: 30, to: 30 } },
      { durationS: 10, qps: null, users: { from: 30, to: 40 } },
      { durationS: 10, qps: null, users: { from: 4, to: 4 } },
    ]
    const curve = userCurveOf({ ...LOAD, stages })
    expect(atSeconds(curve, [0, 9.9])).toEqual([10, 10])
    expect(atSeconds(curve, [10, 11, 19])).toEqual([20, 30, 30])
    expect(atSeconds(curve, [20.9, 21, 25, 29.9, 30])).toEqual([30, 31, 35, 39, 4])
    expect(atSeconds(curve, [100])).toEqual([4])
  })

  test('a ramp that begins elsewhere begins as users come: growing, and falling before all are there', () => {
    const stages = [
      { durationS: 10, qps: null, users: null },
      { durationS: 10, qps: null, users: { from: 30, to: 40 } },
      { durationS: 10, qps: null, users: { from: 60, to: 20 } },
      { durationS: 10, qps: null, users: { from: 10, to: 20 } },
    ]
    const curve = userCurveOf({ ...LOAD, stages })
    expect(atSeconds(curve, [9.9, 10, 11, 12, 19.9, 20])).toEqual([10, 20, 31, 32, 39, 50])
    expect(atSeconds(curve, [20.9, 21, 25, 29.9, 30, 31])).toEqual([50, 56, 40, 21, 10, 11])
    const slow = userCurveOf({ ...LOAD, spawnRate: 1, stages: stages.slice(1) }) // the stage begins at 9 s, with 10
    expect(atSeconds(slow, [9, 18.9, 19, 28])).toEqual([11, 20, 22, 24])
  })

  test('the first stage begins with the measured window, after ramp and warm-up', () => {
    const stages = [{ durationS: 10, qps: null, users: { from: 10, to: 20 } }]
    const curve = userCurveOf({ ...LOAD, spawnRate: 1, warmupS: 21, stages }) // all are there after 9 s
    expect(atSeconds(curve, [9, 30.9, 31, 40])).toEqual([10, 10, 11, 20])
  })

  test('--ramping-time: one, then exponential growth, as llm_bench', () => {
    // target(s) = 8^(s / 6): above 1, 2, 4 just after 0, 2, 4 s, and 8 at 6 s.
    const curve = userCurveOf({ ...LOAD, users: 8, spawnRate: 100, ramping: { timeS: 6, warmupS: 3 } })
    expect(atSeconds(curve, [0, 2.9, 3, 4.9, 5.1, 7.1, 9])).toEqual([1, 1, 2, 2, 3, 5, 8])
  })

  test('--ramping-time: never more than ten users per second more', () => {
    const curve = userCurveOf({ ...LOAD, users: 1000, spawnRate: 1000, ramping: { timeS: 10, warmupS: 0 } })
    expect(atSeconds(curve, [9.95, 99.95])).toEqual([101, 1000]) // 1 + 10 s
    expect(atSeconds(curve, [50.05])).toEqual([502])
  })

  test('a change while running takes the place of all stages to come', () => {
    const stages = [
      { durationS: 10, qps: null, users: null },
      { durationS: 10, qps: null, users: { from: 30, to: 30 } },
    ]
    const curve = userCurveOf({ ...LOAD, stages })
    changeUsers(curve, { fromMs: 5000, users: 3, spawnRate: 1 })
    changeUsers(curve, { fromMs: 6000, users: 5, spawnRate: 1 })
    expect(atSeconds(curve, [4.9, 5, 6, 7, 15])).toEqual([10, 3, 4, 5, 5])
  })
})

describe('rateCurveOf', () => {
  test('there is none in a closed loop', () => {
    expect(rateCurveOf(LOAD)).toBeNull()
  })

  test('stages hold, jump and ramp; a stage without a rate keeps the last one', () => {
    const stages = [
      { durationS: 10, qps: { from: 5, to: 5 }, users: null },
      { durationS: 10, qps: { from: 5, to: 15 }, users: null },
      { durationS: 10, qps: null, users: { from: 20, to: 20 } },
      { durationS: 10, qps: { from: 100, to: 100 }, users: null },
    ]
    const curve = rateCurveOf({ ...LOAD, qps: 5, stages })
    expect([0, 9, 10, 15, 20, 29, 30, 99].map((s) => curve?.rateAt(s * 1000))).toEqual([5, 5, 5, 10, 15, 15, 100, 100])
  })
})

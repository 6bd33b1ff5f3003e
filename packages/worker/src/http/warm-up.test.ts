import { afterEach, expect, test } from 'vitest'
import { clock, Loopback, planOf } from '../../../../test/support/loopback.js'
import { warmUp } from './warm-up.js'

const net = new Loopback()

afterEach(() => net.close())

test('warming up sends nothing to the target, and leaves nothing open', async () => {
  let requests = 0
  const url = await net.respond(() => requests++)
  const handlesBefore = process.getActiveResourcesInfo().length
  await warmUp(planOf(url), clock)
  expect(requests).toBe(0)
  expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(handlesBefore)
})

import { afterEach, expect, test } from 'vitest'
import { clock, Loopback, planOf, until } from '../../../test/support/loopback.js'
import { warmUp } from './warm-up.js'

const net = new Loopback()

const openSockets = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length

afterEach(() => net.close())

test('warming up sends nothing to the target, and leaves nothing open', async () => {
  let requests = 0
  const url = await net.respond(() => requests++)
  const before = openSockets()
  await warmUp(planOf(url), clock)
  expect(requests).toBe(0)
  await until(() => openSockets() <= before)
})

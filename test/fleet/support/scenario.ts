import { test } from 'vitest'
import { whyNoHosts } from './namespaces.js'

const why = whyNoHosts()

/** How much is to be done: what `npm test` has time for, what `npm run test:fleet` does, and with `--long`. */
const LEVELS = ['short', 'full', 'long'] as const
type Level = (typeof LEVELS)[number]

const asked = LEVELS.findIndex((level) => level === (process.env.FLEET_LEVEL ?? 'full'))

export interface ScenarioOptions {
  readonly limitS?: number
  /** The least level that it is a part of. */
  readonly from?: Level
}

/** A test that needs hosts; skipped, with the reason, where none can be made. */
export function scenario(
  name: string,
  carryOut: () => Promise<void>,
  { limitS = 120, from = 'short' }: ScenarioOptions = {},
): void {
  if (LEVELS.indexOf(from) > asked) return
  test(name, { timeout: limitS * 1000 }, async (context) => {
    context.skip(why !== null, why ?? '')
    await carryOut()
  })
}

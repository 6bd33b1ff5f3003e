import { describe, expect } from 'vitest'
import { folder } from '../support/llmload.js'
import { expectAllAnswered, expectExact, expectSound } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import { scenario } from './support/scenario.js'

describe('a disk that is full', () => {
  scenario(
    'the run goes on and is reported on stdout; the exit code says that a file is missing',
    async () => {
      const disk = folder()
      // Only this master sees it: `ip netns exec` gives it mounts of its own.
      const masterSetup = `mount -t tmpfs -o size=64k tmpfs ${disk}`
      const load = `--qps 40 -u 80 -r 80 -t 4s --request-log ${disk}/requests.ndjson`
      const run = await fleet({ workers: 2, load, masterSetup })
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome)
      expectAllAnswered(outcome)
      expect(outcome.stderr).toMatch(/ERROR.*no space left on device/i)
      expect(outcome.code).toBe(2)
    },
    { from: 'full' },
  )
})

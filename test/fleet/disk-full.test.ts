import { describe, expect } from 'vitest'
import { folder } from '../support/llmload.js'
import { expectAllAnswered, expectExact, expectSound } from './support/expectations.js'
import { fleet } from './support/fleet.js'
import { scenario } from './support/scenario.js'

describe('a disk that is full', () => {
  // Only this master sees it: `ip netns exec` gives it mounts of its own.
  const smallDisk = (folder: string) => `mount -t tmpfs -o size=64k tmpfs ${folder}`

  scenario(
    'at --request-log: the run is reported on stdout, and the exit code says that a file is missing',
    async () => {
      const disk = folder()
      const load = `--qps 40 -u 80 -r 80 -t 4s --request-log ${disk}/requests.ndjson`
      const run = await fleet({ workers: 2, load, masterSetup: smallDisk(disk) })
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome)
      expectAllAnswered(outcome)
      expect(outcome.stderr).toMatch(/ERROR.*no space left on device/i)
      expect(outcome.code).toBe(2)
    },
  )

  scenario(
    'at the folder of the run: the run is reported on stdout, and the log says that its folder is not whole',
    async () => {
      const runs = folder()
      const load = '--qps 40 -u 80 -r 80 -t 6s'
      const run = await fleet({ workers: 2, load, runs, masterSetup: smallDisk(runs) })
      const outcome = await run.outcome()
      expectSound(outcome)
      expectExact(outcome)
      expectAllAnswered(outcome)
      expect(outcome.stderr).toMatch(/no space left on device/i)
    },
    { from: 'full' },
  )
})

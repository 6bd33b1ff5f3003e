import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))

/** End-to-end tests that compare with true times, or judge the health of the client. */
const TIMED = ['guide', 'selftest', 'verdict'].map((name) => `test/${name}.test.ts`)

/** A fleet whose arrivals have to be in time. */
const FLEET_TIMED = 'test/fleet/healthy.test.ts'

/** A fleet for as long as one likes. */
const SOAK = 'test/fleet/soak.test.ts'

/** A shared machine stands still for a tenth of a second now and then, which moves a request: what fails twice is a fault. So it is for unit tests with real sockets and times. */
const REAL_RUNS = { testTimeout: 60_000, retry: 1 }

export default defineConfig({
  resolve: {
    // Unit tests run on the sources: they need no build and cannot test a stale one.
    alias: [{ find: /^@llmload\/(\w+)$/, replacement: `${root}packages/$1/src/index.ts` }],
  },
  test: {
    setupFiles: [`${root}test/support/state-home.ts`],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], maxWorkers: 3, retry: 1 },
      },
      {
        extends: true,
        // Through the built binary. Runs wait more than they work, so several go on at once.
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          exclude: [...TIMED, 'test/fleet/**'],
          maxWorkers: 3,
          ...REAL_RUNS,
        },
      },
      {
        extends: true,
        // One after the other: a second run on the same cores would change what is measured.
        test: { name: 'timed', include: TIMED, fileParallelism: false, ...REAL_RUNS },
      },
      {
        extends: true,
        // On hosts of their own. What fails once is a fault: chance is what they are about.
        test: { name: 'fleet', include: ['test/fleet/*.test.ts'], exclude: [FLEET_TIMED, SOAK], maxWorkers: 3 },
      },
      {
        extends: true,
        // After the others, for the same reason as above.
        test: {
          name: 'fleet-timed',
          include: [FLEET_TIMED],
          fileParallelism: false,
          retry: 1,
          sequence: { groupOrder: 1 },
        },
      },
      // Only where it is asked for: it takes as long as one says.
      ...(process.env.FLEET_SOAK_S
        ? [{ extends: true as const, test: { name: 'soak', include: [SOAK], sequence: { groupOrder: 2 } } }]
        : []),
    ],
  },
})

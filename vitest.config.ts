import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))

export default defineConfig({
  resolve: {
    // Unit tests run on the sources: they need no build and cannot test a stale one.
    alias: [{ find: /^@llmload\/(\w+)$/, replacement: `${root}packages/$1/src/index.ts` }],
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'] },
      },
      {
        extends: true,
        // Through the built binary, one file after the other: a second run on the same cores would change what is measured.
        test: { name: 'e2e', include: ['test/**/*.test.ts'], fileParallelism: false, testTimeout: 60_000 },
      },
    ],
  },
})

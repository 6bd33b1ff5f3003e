import { readFileSync } from 'node:fs'

const packageJson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** Version of llmload; master and workers must have the same. */
export const version: string = packageJson.version

// `npm run docs`: writes the generated files anew.
import { ROOT } from './child.mjs'

process.chdir(ROOT)
await import(new URL('../packages/cli/dist/generate-docs.js', import.meta.url).href)

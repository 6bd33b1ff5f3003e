import { version } from './version.js'

const argv = process.argv.slice(2)

if (argv.includes('--version') || argv.includes('-V')) {
  process.stdout.write(`llmload ${version}\n`)
} else {
  // Loaded late: --version answers before the rest of the program is read.
  const { exitWith } = await import('./exit.js')
  const { llmload } = await import('./llmload.js')
  await exitWith((signals) => llmload(argv, signals))
}

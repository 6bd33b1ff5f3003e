import { EXIT, hideSecrets, LoadError, OPTIONS } from '@llmload/core'
import { type Checked, readCommandLine } from './command-line.js'
import type { Signals } from './exit.js'
import { optionsHelp } from './help.js'
import { secretsOf } from './logger.js'
import { version } from './version.js'

/** The command `llmload`, without what exits: arguments to exit code. Throws a LoadError with what went wrong. */
export async function llmload(argv: readonly string[], signals: Signals): Promise<number> {
  const [command, ...rest] = argv
  if (command === 'sim') {
    const { sim } = await import('./commands/sim.js')
    return sim(rest, signals)
  }
  if (command === 'selftest') {
    const { selftest } = await import('./commands/selftest.js')
    return selftest(rest, signals)
  }
  if (command === 'runs') {
    const { runs } = await import('./commands/runs.js')
    return runs(rest)
  }
  if (command === 'report') {
    const { report } = await import('./commands/report.js')
    return report(rest)
  }
  if (command === 'explain') {
    const { explain } = await import('./commands/explain.js')
    return explain(rest, process.stdout.columns)
  }
  if (command === 'help' || argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpText(process.stdout.columns))
    return EXIT.ok
  }
  const checked = readCommandLine(argv, process.env)
  try {
    return await carryOut(checked, signals)
  } catch (error) {
    throw presentable(error, secretsOf(checked.config))
  }
}

async function carryOut(checked: Checked, signals: Signals): Promise<number> {
  if (checked.config.role === 'worker') {
    const { worker } = await import('./commands/worker.js')
    return worker(checked, signals)
  }
  const { run } = await import('./commands/run.js')
  return run(checked, signals)
}

/** Others have their words in errors: they may quote a key that they were shown, and must not drive the terminal. */
function presentable(error: unknown, secrets: readonly string[]): unknown {
  if (!(error instanceof LoadError)) return error
  const clean = (text: string): string => hideSecrets(text, secrets).replace(/(?![\t\n])\p{Cc}/gu, ' ')
  return new LoadError(error.code, clean(error.message), clean(error.hint))
}

const helpText = (columns = 100): string => `llmload ${version}: load tests for LLM inference servers

Usage:
  llmload [options]                     run a test from this host
  llmload --master [options]            run it with workers that join from other hosts, …
  llmload --worker --master-host HOST   … where each of them is started so
  llmload sim [options]                 be a server to test against: llmload sim --help
  llmload selftest [options]            how far can the numbers of this host be trusted?
  llmload explain [METRIC]              say what a number means and how it is made
  llmload runs [N]                      list the runs of this host
  llmload report [RUN] [options]        print the results of one again, in any format

${optionsHelp(OPTIONS, columns)}

Brackets hold the default and the environment variable. Names may be written with _ too; a switch is
turned off by --no-NAME. Flags win over the environment, which wins over the config file.

  llmload -H http://localhost:8000 --qps 1 -u 100 -r 100 -p 1000 -o 100 -t 2m --summary-file vllm.csv
  llmload -H sim -u 10 -t 30s           without any server, to see how it looks
`

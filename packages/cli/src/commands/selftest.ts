import { join } from 'node:path'
import { EXIT, systemClock } from '@llmload/core'
import { readFlags } from '../args.js'
import type { Signals } from '../exit.js'
import { optionsHelp } from '../help.js'
import { badOptions } from '../print-problems.js'
import { readSelftestOptions, SELFTEST_TABLE } from '../selftest/options.js'
import type { SelftestResult } from '../selftest/result.js'
import { selftest as carryOut } from '../selftest/selftest.js'
import { ladderTable, pacingTable } from '../selftest/table.js'

/** `llmload selftest`: how wrong the time stamps of this host are, and up to which load they can be trusted. */
export async function selftest(argv: readonly string[], signals: Signals): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(helpText(process.stdout.columns))
    return EXIT.ok
  }
  const options = readOptions(argv)
  const say = (words: string) => process.stderr.write(`${words}\n`)
  say('llmload selftest takes about a minute and loads this host; other work on it makes the result worse')
  const result = await carryOut(options, {
    ...signals,
    clock: systemClock(),
    onLadderStep: ({ streams, tokensPerS }) => say(`  ${streams} streams: ${Math.round(tokensPerS)} tokens/s`),
    onPacingStep: ({ ratePerS }) => say(`  ${ratePerS} requests/s`),
  }).catch((error: unknown) => {
    if (!signals.drain.aborted) throw error
    return null
  })
  if (result === null) {
    say('interrupted: the self-test is not complete, and has no result')
    return EXIT.notCarriedOut
  }
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : resultText(result, options.out))
  return EXIT.ok
}

function readOptions(argv: readonly string[]) {
  const { settings, problems } = readFlags(argv, SELFTEST_TABLE)
  const { options, problems: wrong } = readSelftestOptions(settings)
  const all = [...problems, ...wrong]
  if (all.length > 0) throw badOptions(all, 'llmload selftest --help')
  return options
}

function resultText({ ladder, pacing, verdict, warning, host }: SelftestResult, out: string): string {
  return `
Errors of time stamps in ms, p50 / p99 / max: client's stamp minus true send time

${ladderTable(ladder)}
Requests sent later than scheduled, p50 / p99 / max

${pacingTable(pacing)}
${[verdict, warning].filter(Boolean).join('\n')}
${host.cpuCount} × ${host.cpus}, Node ${host.node}
${join(out, 'selftest.json')}, ${join(out, 'selftest.svg')}
`
}

const helpText = (columns = 100): string => `llmload selftest: how far can the numbers of this host be trusted?

It loads a simulator that writes the true send time into every chunk, with more and more streams,
and compares. Takes about a minute.

Usage:
  llmload selftest [options]

${optionsHelp(SELFTEST_TABLE, columns)}

Brackets hold the default. Exit code 0, or 3 if the test could not be carried out.
`

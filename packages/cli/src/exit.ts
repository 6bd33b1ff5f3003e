import { once } from 'node:events'
import { EXIT, LoadError } from '@llmload/core'

/** What the person at the terminal wants: the first Ctrl-C (or SIGTERM) aborts `drain`, the second `now`. */
export interface Signals {
  /** End the run in order and report it. */
  readonly drain: AbortSignal
  /** Do not wait for anything any more. */
  readonly now: AbortSignal
}

/** Resolves when a signal is aborted; at once, if it is. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

/** As shells report a process that Ctrl-C ended. */
const INTERRUPTED = 130

/** Runs a command and ends the process with its exit code. The only place that exits. */
export async function exitWith(command: (signals: Signals) => Promise<number>): Promise<never> {
  const signals = listenToSignals()
  process.on('uncaughtException', (error) => process.exit(reportError(error)))
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  const code = await command(signals).catch(reportError)
  process.exit(code)
}

function listenToSignals(): Signals {
  const stages = [new AbortController(), new AbortController()] as const
  const onSignal = () => {
    const next = stages.find(({ signal }) => !signal.aborted)
    if (next === undefined) process.exit(INTERRUPTED)
    next.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return { drain: stages[0].signal, now: stages[1].signal }
}

/** `llmload … | head` closes our stdout: the run goes on, its files count. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

/** Prints an error for people; returns the exit code. */
function reportError(error: unknown): number {
  if (error instanceof LoadError) {
    process.stderr.write(errorText(error))
    return error.exitCode
  }
  const stack = error instanceof Error ? error.stack : String(error)
  process.stderr.write(`llmload: INTERNAL: a fault of llmload itself; please report it with these lines\n${stack}\n`)
  return EXIT.notCarriedOut
}

/** `llmload: CODE: message`, the hint indented under it. */
function errorText({ code, message, hint }: LoadError): string {
  return `llmload: ${code}: ${message}\n${hint.replace(/^/gm, '  ')}\n`
}

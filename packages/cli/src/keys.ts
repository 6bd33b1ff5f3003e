import { readFileSync } from 'node:fs'
import { emitKeypressEvents } from 'node:readline'
import type { ReadStream } from 'node:tty'
import { LoadError, type Log } from '@llmload/core'
import type { LoadControl } from '@llmload/master'

/** What a terminal itself makes of these keys, while it is not raw. */
const SIGNAL_KEYS: Readonly<Record<string, NodeJS.Signals>> = {
  '\x03': 'SIGINT', // Ctrl-C
  '\x1a': 'SIGTSTP', // Ctrl-Z
  '\x1c': 'SIGQUIT', // Ctrl-\
}

/** Users more or less, by Locust's keys. */
const USER_KEYS: Readonly<Record<string, number>> = { w: 1, W: 10, s: -1, S: -10 }

/** What the rate is multiplied with: the one undoes the other. */
const RATE_KEYS: Readonly<Record<string, number>> = { '+': 1.1, '-': 1 / 1.1 }

/** Else rates would grow a digit with every key. */
const RATE_DIGITS = 4

type Control = Pick<LoadControl, 'level' | 'changeLevel'>

export interface KeysDeps {
  readonly stdin: ReadStream
  readonly control: Control
  readonly log: Log
}

/**
 * Takes keys from the terminal while there is load to change: w and W for 1 and 10 more users, s and
 * S for as many fewer, + and - for 10 % of the rate. The terminal is raw meanwhile, so keys that mean
 * signals are passed on. Returns what gives the terminal back; Node does so when the process exits.
 */
export function listenToKeys({ stdin, control, log }: KeysDeps): () => void {
  const onKey = (_text: string | undefined, { sequence }: { sequence: string }): void => {
    const signal = SIGNAL_KEYS[sequence]
    if (signal) passOn(signal)
    else changeBy(sequence, control, log)
  }
  const passOn = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGINT') return void process.kill(process.pid, signal)
    release()
    // Shells wait for the whole group: what started us, such as npx, has to stop too.
    process.kill(0, signal)
  }
  const grab = (): void => {
    if (!isInForeground()) return
    stdin.setRawMode(true).on('keypress', onKey).resume()
  }
  const release = (): void => {
    stdin.off('keypress', onKey).pause()
    if (isInForeground()) stdin.setRawMode(false)
  }
  const regain = (): void => {
    // The shell has set the terminal to what it likes, and Node does not know.
    release()
    grab()
  }

  // It knows arrows and function keys, which are several characters, some of which mean something else here.
  emitKeypressEvents(stdin)
  grab()
  process.on('SIGCONT', regain)
  log.info({}, `Keys: w/W 1/10 more users, s/S 1/10 fewer${control.level.qps === null ? '' : '; +/- 10 % of the rate'}`)
  return () => {
    process.off('SIGCONT', regain)
    release()
  }
}

function changeBy(key: string, control: Control, log: Log): void {
  const { qps, users } = control.level
  const more = USER_KEYS[key]
  const factor = RATE_KEYS[key]
  try {
    if (more !== undefined) control.changeLevel({ users: Math.max(users + more, 1) })
    if (factor !== undefined && qps !== null)
      control.changeLevel({ qps: Number((qps * factor).toPrecision(RATE_DIGITS)) })
  } catch (error) {
    if (!(error instanceof LoadError)) throw error
    log.warn({}, `${error.message}; ${error.hint}`)
  }
}

/**
 * Whether the terminal is ours. One that is another job's must be left alone: the kernel stops who
 * changes or reads it from the background. Where it cannot be told, the shell has started us in front.
 */
function isInForeground(): boolean {
  try {
    // After the name, which may hold anything: state, parent, group, session, terminal, its foreground group.
    const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return group === foreground
  } catch {
    return true
  }
}

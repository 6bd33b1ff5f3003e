import { EXIT, type ExitCode } from './exit-codes.js'

/**
 * Every way in which llmload gives up. The code is stable and documented in
 * `docs/errors.md`; a retired code is never used for something else.
 */
export const ERROR_CODES = {
  BAD_OPTIONS: { exit: EXIT.usage, meaning: 'An option, environment variable or config file is wrong.' },
  TOKENIZER: { exit: EXIT.usage, meaning: 'The tokenizer cannot be found, read or downloaded.' },
  OUTPUT_FILE: { exit: EXIT.usage, meaning: 'A file that the run shall write cannot be written.' },
  RUN_FOLDER: { exit: EXIT.usage, meaning: 'There is no such run in the history, or its folder cannot be read.' },
  PORT_IN_USE: { exit: EXIT.usage, meaning: 'The port to listen on is taken or not allowed.' },
  UNKNOWN_MODEL: { exit: EXIT.usage, meaning: 'The server does not have the model asked for.' },
  TARGET_UNREACHABLE: { exit: EXIT.notCarriedOut, meaning: 'The server under test does not answer.' },
  TARGET_REFUSED: {
    exit: EXIT.notCarriedOut,
    meaning: 'The server under test answers, but refuses the check before the run.',
  },
  MASTER_UNREACHABLE: { exit: EXIT.notCarriedOut, meaning: 'A worker cannot reach its master, or lost it.' },
  MASTER_REFUSED: { exit: EXIT.notCarriedOut, meaning: 'The master turned a worker away.' },
  WORKER_LOST: { exit: EXIT.notCarriedOut, meaning: 'Every worker is gone before the run was over.' },
  PREPARE_FAILED: { exit: EXIT.notCarriedOut, meaning: 'A worker could not get ready.' },
  BARRIER_TIMEOUT: { exit: EXIT.notCarriedOut, meaning: 'Not all workers were ready in time.' },
  INTERNAL: { exit: EXIT.notCarriedOut, meaning: 'A fault of llmload itself.' },
} as const satisfies Record<string, { exit: ExitCode; meaning: string }>

export type ErrorCode = keyof typeof ERROR_CODES

/** An error for people: what happened with its values, and a way out. */
export class LoadError extends Error {
  override readonly name = 'LoadError'

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** What the reader can do about it: one sentence, or a list that stands under the message. */
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code].exit
  }
}

/** The text of anything that was thrown, for messages. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

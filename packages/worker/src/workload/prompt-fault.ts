import { LoadError, messageOf } from '@llmload/core'

/** Node tells of a thread that could not be started in words alone. */
const NO_HANDLE = /\b(EMFILE|ENFILE)\b/

/** What went wrong while prompts were made, for people. `what` begins the sentence. */
export function promptFault(error: unknown, what: string): LoadError {
  // A server, too, may say that it has no handle left; a tokenizer's files are read here.
  if (error instanceof LoadError && error.code !== 'TOKENIZER') return error
  const [handles] = NO_HANDLE.exec(messageOf(error)) ?? []
  if (handles !== undefined) {
    return new LoadError(
      'PREPARE_FAILED',
      `${what}: no file handle was left (${handles})`,
      'raise `ulimit -n` on the host of the worker, or spread its users over more workers (--processes) or hosts',
    )
  }
  if (error instanceof LoadError) return error
  const words = `${what}: ${messageOf(error)}`
  return new LoadError('INTERNAL', words, 'this is a fault of llmload: please report it')
}

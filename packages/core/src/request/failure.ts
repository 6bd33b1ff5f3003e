/** Why a request failed. `docs/errors.md` explains each class. */
export const FAILURE_CLASSES = [
  'connect',
  'tls',
  'timeout_total',
  'timeout_progress',
  'shed',
  'status',
  'reset',
  'truncated',
  'in_stream_error',
  'parse',
  'empty',
] as const

export type FailureClass = (typeof FAILURE_CLASSES)[number]

export interface Failure {
  readonly class: FailureClass
  /**
   * One line in which equal failures have equal text, with the server's own words where it gave
   * any: `HTTP 503: server overloaded`.
   */
  readonly message: string
}

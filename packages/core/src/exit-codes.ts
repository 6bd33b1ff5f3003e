/** Exit codes of the `llmload` command. */
export const EXIT = {
  /** The run was carried out and its failure ratio is within `--max-fail-ratio`. */
  ok: 0,
  /** More requests failed than `--max-fail-ratio` allows, or none was measured. */
  failures: 1,
  /** A bad option or file. */
  usage: 2,
  /** The run could not be carried out: target unreachable, workers lost, barrier time-out. */
  notCarriedOut: 3,
  /** The verdict is INVALID and `--require-valid` was asked for. */
  invalid: 98,
  /** A threshold failed. */
  threshold: 99,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

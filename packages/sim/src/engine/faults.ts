import { uniformAt } from '@llmload/core'

/**
 * What can go wrong in mid-answer: the connection is closed (die) or reset, an error event ends the
 * stream, nothing comes any more (stall), or HTTP ends properly in the middle of an event (truncate).
 * Of several that fall on one request the first kind has it.
 */
const MID_ANSWER = ['die', 'reset', 'error', 'stall', 'truncate'] as const
type MidAnswer = (typeof MID_ANSWER)[number]

/** What goes wrong with a request on purpose. */
export type Fault =
  /** Answered with an HTTP error at once. */
  | { readonly kind: 'fail'; readonly status: number }
  /** After so many tokens. Only a quirk closes just our half of the connection. */
  | { readonly kind: MidAnswer | 'half-close'; readonly afterTokens: number }

type Every<Kind extends string> = { readonly [Key in `${Kind}Every`]: number | null }
/** Parts of all requests, 0 … 1, drawn from the seed. */
type Rates<Kind extends string> = { readonly [Key in `${Kind}Rate`]: number | null }
type AfterTokens = { readonly [Key in `${MidAnswer}AfterTokens`]: number | null }

export type FaultOptions = Every<MidAnswer | 'fail'> &
  Rates<MidAnswer | 'fail'> &
  AfterTokens & { readonly seed: number; readonly failStatus: number }

const DEFAULT_AFTER_TOKENS = 10

/** The fault of request number `ordinal`, counted from 1. */
export function faultOf(options: FaultOptions, ordinal: number): Fault | null {
  const falls = (kind: MidAnswer | 'fail') => {
    const every = options[`${kind}Every`]
    const rate = options[`${kind}Rate`]
    if (every !== null && ordinal % every === 0) return true
    return rate !== null && uniformAt(options.seed, `sim-${kind}`, ordinal) < rate
  }
  if (falls('fail')) return { kind: 'fail', status: options.failStatus }
  for (const kind of MID_ANSWER) {
    const afterTokens = options[`${kind}AfterTokens`]
    const always = afterTokens !== null && options[`${kind}Every`] === null && options[`${kind}Rate`] === null
    if (always || falls(kind)) return { kind, afterTokens: afterTokens ?? DEFAULT_AFTER_TOKENS }
  }
  return null
}

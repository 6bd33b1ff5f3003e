import type { Timeline } from '../request/timeline.js'

/** One request, with its tokens counted where it was answered. */
export interface MeasuredRequest {
  readonly timeline: Timeline
  /** Generated tokens; null where nothing could count them. */
  readonly tokens: number | null
  /** Prompt tokens: the server's count, else the workload's; null where both are missing. */
  readonly promptTokens: number | null
  readonly stream: boolean
}

export type MetricUnit = 'ms' | 'tokens' | 'tokens/s'

/** Histograms hold integers: microseconds, tokens, thousandths of tokens per second. */
export const UNIT_SCALE: Record<MetricUnit, number> = { ms: 1000, tokens: 1, 'tokens/s': 1000 }

/** What another tool calls a metric. */
export interface OtherName {
  readonly tool: string
  readonly name: string
}

/** … where it looks like the same and is not. */
export interface Difference extends OtherName {
  /** In what it differs, as the end of a sentence that begins with the tool and its name. */
  readonly how: string
}

/** The marks of a timeline at which a latency may end. */
export type Mark =
  | 'headersMs'
  | 'firstByteMs'
  | 'firstEventMs'
  | 'firstChoicesMs'
  | 'firstTokenMs'
  | 'firstVisibleMs'
  | 'lastTokenMs'
  | 'usageMs'
  | 'doneMs'
  | 'endMs'

/** A latency that begins with the request. */
export interface Span {
  readonly from: 'sentMs' | 'intendedMs'
  readonly to: Mark
  /**
   * Which answers surely have the mark, if they are not cut off: then one that was cut before it has
   * a latency of at least its age. Others might never have had it.
   */
  readonly surely: 'all' | 'streams' | 'none'
}

export interface MetricDefinition {
  readonly name: string
  /** Short name, in our metrics block and for `llmload explain`. */
  readonly label: string | null
  readonly unit: MetricUnit
  /** In the metrics block always, only where it tells what no other row does, or only in the JSON report. */
  readonly shown: 'always' | 'telling' | 'report'
  /** Has a METRIC row in the Locust tables, as llm_bench has it. */
  readonly table: boolean
  readonly meaning: string
  readonly formula: string
  /** Fields of `Timeline` that it is made from. */
  readonly marks: readonly (keyof Timeline)[]
  readonly sameAs: readonly OtherName[]
  readonly differsFrom: readonly Difference[]
  /**
   * Which requests count: those that were answered in full; also those that we cut off at the end,
   * as far as they had come; all that were sent; or those that failed.
   */
  readonly of: 'answered' | 'reached' | 'sent' | 'failed'
  /** Where it begins and ends, if it is a latency from the start of the request. */
  readonly span: Span | null
  /** The value(s) of one request. An empty list or NaN = this request does not have it. */
  readonly measure: (request: MeasuredRequest) => number | number[]
}

/** Milliseconds between two marks; NaN where one of them was not reached. */
export const difference = (fromMs: number, toMs: number): number => toMs - fromMs

/** NaN where the divisor is missing or zero. */
export const ratio = (dividend: number, divisor: number | null): number => (divisor ? dividend / divisor : Number.NaN)

/** What all metrics have in common, unless they say otherwise. */
export const PLAIN = {
  shown: 'report',
  table: false,
  label: null,
  sameAs: [],
  differsFrom: [],
  of: 'answered',
  span: null,
} as const satisfies Partial<MetricDefinition>

type LatencyRow<Name extends string> = Pick<
  MetricDefinition,
  'label' | 'shown' | 'meaning' | 'sameAs' | 'differsFrom'
> & {
  readonly name: Name
  readonly table?: true
  /** In words, as formulas name the mark. */
  readonly mark: string
  readonly to: Mark
  readonly surely: Span['surely']
  /** Tools whose clock starts when the schedule says so. */
  readonly scheduled?: readonly OtherName[]
}

type Named<Name extends string> = MetricDefinition & { readonly name: Name }

/** A latency from the start of the request to a mark, twice: from the instant of sending, and from the one in the schedule. */
export function fromBothStarts<const Name extends string>(
  row: LatencyRow<Name>,
): readonly [Named<Name>, Named<`${Name}_from_intended`>] {
  const { name, label, shown, meaning, mark, to, surely, sameAs, differsFrom } = row
  // The end of one that was cut off is ours, not the server's.
  const common = { ...PLAIN, unit: 'ms', of: to === 'endMs' ? 'answered' : 'reached' } as const
  return [
    {
      ...{ ...common, name, label, shown, meaning, sameAs, differsFrom, table: row.table ?? false },
      formula: `${mark} − sent`,
      marks: ['sentMs', to],
      span: { from: 'sentMs', to, surely },
      measure: ({ timeline }) => difference(timeline.sentMs, timeline[to]),
    },
    {
      ...{ ...common, name: `${name}_from_intended`, label: label && `${label} from schedule` },
      shown: shown === 'always' ? 'telling' : 'report',
      meaning: `${label ?? name} as somebody feels it who arrives on schedule: waiting for a free user of ours is inside. Only with --qps.`,
      formula: `${mark} − intended`,
      marks: ['intendedMs', to],
      sameAs: row.scheduled ?? [],
      span: { from: 'intendedMs', to, surely },
      measure: ({ timeline }) => difference(timeline.intendedMs, timeline[to]),
    },
  ]
}

import { AMOUNT_METRICS, REFUSAL_METRICS, SCHEDULE_METRICS } from './amounts.js'
import type { MetricDefinition } from './metric-definition.js'
import { END_METRICS, FIRST_TOKEN_METRICS } from './start-latencies.js'
import { REASONING_METRICS, TOKEN_TIME_METRICS } from './token-times.js'

/** The metrics of a request by what they tell. */
export const METRIC_FAMILIES = {
  'First token': FIRST_TOKEN_METRICS,
  'Reasoning and visible part': REASONING_METRICS,
  'Between tokens and per token': TOKEN_TIME_METRICS,
  'Whole request': END_METRICS,
  Tokens: AMOUNT_METRICS,
  Schedule: SCHEDULE_METRICS,
  Refusals: REFUSAL_METRICS,
} as const satisfies Record<string, readonly MetricDefinition[]>

/**
 * Every metric of a request, once. Tables, JSON, console, `llmload explain` and `docs/metrics.md`
 * come from here. `sent`, `first token` and so on are the marks of `Timeline`; N is the count of
 * generated tokens.
 */
export const METRICS = [
  ...FIRST_TOKEN_METRICS,
  ...REASONING_METRICS,
  ...TOKEN_TIME_METRICS,
  ...END_METRICS,
  ...AMOUNT_METRICS,
  ...SCHEDULE_METRICS,
  ...REFUSAL_METRICS,
] as const satisfies readonly MetricDefinition[]

export type MetricName = (typeof METRICS)[number]['name']

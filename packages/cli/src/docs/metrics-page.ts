import {
  METRIC_FAMILIES,
  METRICS,
  type MetricDefinition,
  type OtherName,
  RUN_RATES,
  smallestCount,
} from '@llmload/core'
import { code, GENERATED, table } from './markdown.js'

const INTRODUCTION = `# Metrics

\`llmload explain METRIC\` prints what stands here of one metric, by any name that it has here.

Every metric is a difference of **marks**: instants of one monotonic clock of the process that sent the request. Clocks of different hosts are never subtracted.

| mark | when |
|---|---|
| intended | the schedule (\`--qps\`) wanted the request sent; a closed loop has none |
| sent | the request was handed to the transport, its body ready; connecting is inside of what follows |
| headers | status and headers had arrived |
| first byte | the first byte of the body had arrived |
| first event | the first complete event of the stream, whatever it holds; comments do not count |
| first choices | the first event with \`choices\`, even without text |
| first token | the first event with generated content of any kind: text, reasoning, arguments of a tool call |
| first reasoning | the first event with reasoning |
| first visible | the first event with text that is not reasoning |
| last token | the last event with generated content |
| usage | the last event with a usage object |
| done | \`[DONE]\` |
| end | the body had ended |

The instant of an event is that of the socket read which completed it, taken before anything is parsed.

A metric whose marks a request did not reach has no value for it: not measured is never zero. Requests count if they **start** in the measured window, which opens when all users are started and the warm-up is over. With \`--qps\` a request starts when the schedule wants it sent, else when it is sent.

**Tokens (N)** are those that the server counted in its usage object, else those of its logprobs or token ids, else those that the tokenizer finds in the whole text, else the events with content. Reports name the source.

Histograms hold whole microseconds (tokens, thousandths of tokens/s) with three significant digits, means are exact. Locust's tables have percentiles of their own, of rounded values.

## How sure a percentile is

- \`n\` is the number of values. A percentile with **~** has too few: p90 needs ${smallestCount(90)}, p95 ${smallestCount(95)}, p99 ${smallestCount(99)} and p99.9 ${smallestCount(99.9)} of them, or even the largest value may well be below it. In JSON it stands under \`unsupported\`.
- Requests that are cut off at the end of a run are not thrown away: what one had reached counts, and a latency that it had not reached yet is at least its age. From the schedule the same holds for arrivals that were never sent. A number with **≥** may therefore be larger. In JSON it stands under \`lowerBounds\`, and \`censored\` counts those requests.
`

/** `docs/metrics.md`: the table of metric definitions. */
export function metricsPage(): string {
  const families = Object.entries(METRIC_FAMILIES).map(([title, metrics]) => family(title, metrics))
  return `${GENERATED}\n${INTRODUCTION}
## Definitions

Metrics with a label in **bold** stand in the metrics block, those in *italics* where they tell what no other does, those marked with * have a METRIC row in the tables, and all of them are in \`--json\`.

${families.join('\n\n')}

### The whole run

${table(
  ['in `requests` of --json', 'label', 'unit', 'formula', 'meaning', 'same as'],
  Object.entries(RUN_RATES).map(([name, { label, unit, formula, meaning, sameAs }]) => [
    code(name),
    label,
    unit,
    formula,
    meaning,
    sameAs.map(otherName).join('; '),
  ]),
)}

## Not the same

Metrics of other tools that look like one of ours and are another.

${table(['ours', 'theirs', 'which'], differences())}
`
}

function family(title: string, metrics: readonly MetricDefinition[]): string {
  return `### ${title}\n\n${table(['metric', 'label', 'unit', 'formula', 'meaning', 'same as'], metrics.map(row))}`
}

function row({ name, label, unit, table, shown, formula, meaning, sameAs }: MetricDefinition): string[] {
  const emphasis = { always: '**', telling: '*', report: '' }[shown]
  const text = label === null ? '' : `${emphasis}${label}${emphasis}`
  return [`${code(name)}${table ? ' *' : ''}`, text, unit, formula, meaning, sameAs.map(otherName).join('; ')]
}

function differences(): string[][] {
  const metrics = [...METRICS, ...Object.entries(RUN_RATES).map(([name, rate]) => ({ ...rate, name }))]
  return metrics.flatMap(({ name, differsFrom }) =>
    differsFrom.map((other) => [code(name), otherName(other), other.how]),
  )
}

const otherName = ({ tool, name }: OtherName): string => `${tool} ${name}`

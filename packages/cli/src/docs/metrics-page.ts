import { METRICS, type MetricDefinition } from '@llmload/core'
import { code, GENERATED, table } from './markdown.js'

const INTRODUCTION = `# Metrics

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
| first visible | the first event with text that is not reasoning |
| last token | the last event with generated content |
| usage | the last event with a usage object |
| done | \`[DONE]\` |
| end | the body had ended |

The instant of an event is that of the socket read which completed it, taken before anything is parsed.

A metric whose marks a request did not reach has no value for it: not measured is never zero. Requests count if they were **sent** in the measured window, which opens when all users are started; a request that was cut off at the end of the run is counted as censored and has no values.

**Tokens (N)** are those that the server counted in its usage object, else those of its logprobs or token ids, else those that the tokenizer finds in the whole text, else the events with content. Reports name the source.

Histograms hold whole microseconds (tokens, thousandths of tokens/s) with three significant digits, means are exact. Locust's tables have percentiles of their own, of rounded values.
`

/** `docs/metrics.md`: the table of metric definitions. */
export function metricsPage(): string {
  const header = ['metric', 'label', 'unit', 'formula', 'meaning', 'same as']
  return `${GENERATED}\n${INTRODUCTION}\n## Definitions

Metrics with a label stand in the metrics block, those marked with * have a METRIC row in the tables, and all of them are in \`--json\`.

${table(header, METRICS.map(row))}
`
}

function row({ name, label, unit, table, formula, meaning, sameAs }: MetricDefinition): string[] {
  return [`${code(name)}${table ? ' *' : ''}`, label ?? '', unit, formula, meaning, sameAs]
}

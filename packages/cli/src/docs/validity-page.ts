import { LIMITS, type Limit } from '@llmload/core'
import { code, GENERATED, table } from './markdown.js'

const INTRODUCTION = `# Validity

A load test measures two programs: the server, and the client. Every run ends in a verdict on the client.

| verdict | means |
|---|---|
| VALID | nothing that llmload knows of itself speaks against the numbers |
| SUSPECT | the client may show in the numbers: read the reasons, and compare with a run without them |
| INVALID | the numbers are, in good part, those of the client or of another load than the one asked for |

It says nothing about the server: one that answers slowly, wrongly or not at all can be measured well.

The verdict with its reasons and remedies stands in the console before the summary, in \`--json\` (\`verdict\`, \`reasons\`), and in a file beside CSV files, whose columns belong to the tools that read them: \`x.verdict.csv\` beside \`--summary-file x.csv\`, with a row per run as there, and \`PREFIX_verdict.csv\` beside those of \`--csv PREFIX\`. Its columns are Time (start of the measured window), Run ID, Verdict and Reasons. There is none beside a device such as \`/dev/stdout\`.

With \`--require-valid\` an INVALID run ends with exit code 98. SUSPECT has no exit code.

## What is looked at

Every worker watches itself once a second and sends what it saw with its numbers; seconds of the measured window count, and the worst worker decides. It costs an idle worker about half a percent of a CPU.

- **Event loop**: how busy it is; and its delay every 10 ms, which is what makes time stamps late. An event that comes at a random moment within a delay of *d* is late by *d* / 2 on average, so the mean delay of a time stamp is the sum of *d*² / 2 over the length of the window. Percentiles of the delay would count a stall of a second as one sample among many. Delays below 10 ms are seen only now and then, and what is read in one turn of the loop is late by what was read before it too: so there is a limit on the 99th percentile as well.
- **CPU** that it used, against how busy its event loop was: a loop that is busy without a CPU is being kept from running.
- **Throttling** by the CPU quota of its control group, and of those around it (\`cpu.stat\`, versions 1 and 2); **steal** time of a virtual machine (\`/proc/stat\`).
- **Garbage collection**, and **memory** against the limit of its control group or host.

A single bad second is forgiven wherever seconds are counted, and a hiccup of a shared host is below the limits: they were chosen so that a light run stays VALID where other programs want three times the CPUs that there are.

## Reasons

A reason holds when the value is **above** its limit.
`

/** `docs/validity.md`: every reason with its limits, from the table that the verdict reads. */
export function validityPage(): string {
  const rows = Object.entries<Limit>(LIMITS).map(([name, { suspect, invalid, unit, why, hint }]) => [
    code(name),
    limit(suspect, unit),
    limit(invalid, unit),
    why,
    hint,
  ])
  return `${GENERATED}\n${INTRODUCTION}\n${table(['reason', 'SUSPECT', 'INVALID', 'why', 'what to do'], rows)}\n`
}

function limit(value: number | null, unit: Limit['unit']): string {
  if (value === null) return ''
  if (value === 0) return 'any'
  if (unit === 'share') return `${Number((value * 100).toFixed(2))} %`
  return unit === 'ms' ? `${value} ms` : `${value}`
}

import { endLine, framesLine, type LineField, lineFields, requestLine, runLine } from '@llmload/core'
import { code, GENERATED, table } from './markdown.js'

const INTRODUCTION = `# Request log

\`--request-log FILE\` writes one line of JSON per request of the run: those of the ramp and the warm-up too, those that failed, and those that were cut off at the end. With a name that ends in \`.gz\` the file is compressed. An existing file is replaced: one file is one run.

\`\`\`sh
llmload -H http://localhost:8000 --qps 10 -u 100 -r 100 -t 2m --headless --request-log run.ndjson.gz
zcat run.ndjson.gz | jq -c 'select(.type == "request" and .phase == "measured") | [.index, .firstTokenMs - .sentMs]'
\`\`\`

The file grows while the run goes on, and can be read meanwhile. It is complete after Ctrl-C; after a \`kill -9\` of the master it can be read up to the last second.

Lines come in the order in which workers report, once a second, not in that of requests. A worker sends its requests ahead of the report that counts them, and the master writes them when it has added that report up. So the file and the report always agree: its requests are those that were answered, failed or cut off, in all phases. Requests that were under way at a worker that was lost have no line. A connection or a disk that cannot keep up costs lines, never the run: what is left out is counted, warned about, and is part of \`missing\` in the last line.

All marks are milliseconds since the start of the run, which all workers share, to the microsecond; null = not reached. Differences of marks of one request are those of one monotonic clock. Between workers of different hosts they are off by up to \`workers[].clock.errorMs\` of the JSON report. [metrics.md](metrics.md) says what each mark means, and how metrics are made from them.
`

const FRAMES = `## Frames

\`--record-frames N\` keeps the answers of the N slowest requests that succeeded (from sending to their end) and of the first N that failed, byte by byte as they came, in \`run.frames.ndjson\` beside \`run.ndjson\` or \`run.ndjson.gz\`: the slowest first, then those that failed. It is written at the end of the run. A worker that is lost takes the frames of its slow answers with it.

A read is what one look at the socket brought of the body, the framing of chunked bodies taken off and compressed bodies unpacked. Of one answer 64 KiB and 4096 reads are kept, and of all that are under way at a worker 64 MiB; what is beyond has its size and time only, and \`cut\` says so.
`

/** `docs/request-log.md`: every field of every kind of line, from the schemas that check them. */
export function requestLogPage(): string {
  return [
    `${GENERATED}\n${INTRODUCTION}`,
    section('First line', lineFields(runLine)),
    section('A request', lineFields(requestLine)),
    section('Last line', lineFields(endLine)),
    FRAMES,
    section('A line of frames', lineFields(framesLine)),
  ].join('\n')
}

function section(title: string, fields: readonly LineField[]): string {
  const rows = fields.map(({ name, type, meaning }) => [code(name), type, meaning])
  return `## ${title}\n\n${table(['field', 'type', 'meaning'], rows)}\n`
}

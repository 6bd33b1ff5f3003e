/** The comparison as Markdown: a table for each load, llmload first. */
import { LLMLOAD } from './peers.mjs'

const HEAD = [
  ...['client', 'TTFT p50 / p99', 'too much', 'ITL p50 / p99', 'too much', 'tokens/s sent'],
  ...['CPU ms per 1,000 tokens', '× llmload', 'simulator late, p99'],
]

const NOTES = `"Too much" is what a client reports less what the simulator really sent, p50 / p99. CPU is that of all processes of a
client while its requests were under way, the first two seconds aside.

¹ Its ITL is the mean of each request, so gaps cannot be seen in it.
`

export function tableOf(results) {
  const loads = [...new Set(results.map(({ load }) => load))]
  const tables = loads.map((load) => {
    const ofLoad = results.filter((result) => result.load === load)
    return tableOfLoad(load, ofLoad)
  })
  return `${tables.join('\n')}\n${NOTES}`
}

function tableOfLoad(load, results) {
  const own = results.find(({ peer }) => peer === LLMLOAD.name)
  const rows = [HEAD, HEAD.map((_, i) => (i === 0 ? '---' : '--:')), ...results.map((result) => rowOf(result, own))]
  return `### ${load}\n\n${rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')}`
}

function rowOf({ peer, itl, rounds, ttftMs, itlMs, tokensPerS, cpuMsPer1000, lateP99Ms }, own) {
  if (rounds === 0) return [peer, 'failed', ...HEAD.slice(2).map(() => '')]
  return [
    itl === 'gap' ? peer : `${peer} ¹`,
    ...[pair(ttftMs.reported), tooMuch(ttftMs), pair(itlMs.reported), itl === 'gap' ? tooMuch(itlMs) : '–'],
    ...[Math.round(tokensPerS).toLocaleString('en'), fixed(cpuMsPer1000, 1), times(cpuMsPer1000, own?.cpuMsPer1000)],
    `${fixed(lateP99Ms, 2)} ms`,
  ]
}

const fixed = (value, digits) => (value === null ? '–' : value.toFixed(digits))
const pair = ({ p50, p99 }) => `${fixed(p50, 1)} / ${fixed(p99, 1)} ms`
const minus = (a, b) => (a === null || b === null ? null : a - b)
const signed = (value) => (value === null ? '–' : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`)
const tooMuch = ({ reported, truth }) =>
  `${signed(minus(reported.p50, truth.p50))} / ${signed(minus(reported.p99, truth.p99))} ms`
const times = (value, own) => (value === null || !own ? '–' : (value / own).toFixed(1))

import { LogAxis } from './log-axis.js'
import type { LadderStep, SelftestResult } from './result.js'

const WIDTH = 860
const HEIGHT = 540
const AREA = { left: 76, right: 690, top: 92, bottom: 448 }
const INK = '#1f2933'
const SOFT = '#66727f'
const GRID = '#e4e8ec'
const LIMIT_COLOR = '#c0392b'
/** Names at the ends of lines stand at least so far apart. */
const NAME_GAP = 17

interface Series {
  readonly name: string
  readonly color: string
  readonly dash: string
  readonly p99Of: (step: LadderStep) => number | null
}

const SERIES: readonly Series[] = [
  { name: 'first token', color: '#0b6e99', dash: '', p99Of: ({ firstTokenErrorMs }) => firstTokenErrorMs.p99 },
  { name: 'every chunk', color: '#d9822b', dash: '', p99Of: ({ chunkErrorMs }) => chunkErrorMs.p99 },
  { name: 'end of the answer', color: '#6b4fa0', dash: '', p99Of: ({ endErrorMs }) => endErrorMs.p99 },
  {
    name: 'simulator itself late',
    color: '#8a95a1',
    dash: '5 4',
    p99Of: ({ simulatorLateMs }) => simulatorLateMs.p99,
  },
]

type Plotted = Pick<SelftestResult, 'ladder' | 'limitMs' | 'processes' | 'host' | 'date' | 'llmload'>

/** The errors over the load as an SVG picture. */
export function plot({ ladder, limitMs, processes, host, date, llmload }: Plotted): string {
  const steps = ladder.filter(({ tokensPerS }) => tokensPerS > 0)
  const values = steps.flatMap((step) => SERIES.map(({ p99Of }) => p99Of(step))).filter((value) => value !== null)
  const x = new LogAxis(
    steps.map(({ tokensPerS }) => tokensPerS),
    AREA.left,
    AREA.right,
  )
  const y = new LogAxis([...values, limitMs], AREA.bottom, AREA.top)
  const workers = processes === 1 ? 'one worker process' : `${processes} worker processes`
  const subtitle = `p99 of client time stamp − true send time; ${workers}; ${host.cpuCount} × ${host.cpus}, Node ${host.node}`
  const title = 'How wrong are llmload’s own time stamps?'
  return [
    `<svg role="img" aria-labelledby="title" xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="13">`,
    `<title id="title">${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(AREA.left, 36, title, { size: 20, fill: INK, weight: 600 }),
    text(AREA.left, 58, subtitle, { fill: SOFT }),
    text(AREA.left, AREA.top - 10, 'error at p99, ms', { fill: SOFT }),
    ...y.ticks.map(
      (tick) =>
        horizontal(y.at(tick), GRID) + text(AREA.left - 8, y.at(tick) + 4, `${tick}`, { fill: SOFT, anchor: 'end' }),
    ),
    ...x.ticks.map(
      (tick) =>
        vertical(x.at(tick)) + text(x.at(tick), AREA.bottom + 20, short(tick), { fill: SOFT, anchor: 'middle' }),
    ),
    text((AREA.left + AREA.right) / 2, AREA.bottom + 44, 'tokens per second, all streams together', {
      fill: SOFT,
      anchor: 'middle',
    }),
    horizontal(y.at(limitMs), LIMIT_COLOR, '3 3'),
    text(AREA.left + 6, y.at(limitMs) - 6, `limit ${limitMs} ms`, { fill: LIMIT_COLOR }),
    ...SERIES.map((series) => lineOf(series, steps, x, y)),
    ...names(steps, y),
    text(AREA.left, HEIGHT - 14, `llmload ${llmload} selftest, ${date.slice(0, 10)}`, { fill: SOFT, size: 11 }),
    '</svg>\n',
  ].join('\n')
}

function lineOf({ color, dash, p99Of }: Series, steps: readonly LadderStep[], x: LogAxis, y: LogAxis): string {
  const points = steps.flatMap((step) => {
    const value = p99Of(step)
    return value === null ? [] : [[x.at(step.tokensPerS), y.at(value)] as const]
  })
  const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')
  const dots = points.map(([px, py]) => `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3.2" fill="${color}"/>`)
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"${dashOf(dash)}/>${dash === '' ? dots.join('') : ''}`
}

/** The name of each series beside its last point, moved down where two would lie on one another. */
function names(steps: readonly LadderStep[], y: LogAxis): string[] {
  const last = steps.at(-1)
  if (last === undefined) return []
  const ends = SERIES.map(({ name, color, p99Of }) => ({ name, color, py: y.at(p99Of(last) ?? Number.NaN) }))
    .filter(({ py }) => Number.isFinite(py))
    .sort((a, b) => a.py - b.py)
  let lowest = Number.NEGATIVE_INFINITY
  return ends.map(({ name, color, py }) => {
    lowest = Math.max(py, lowest + NAME_GAP)
    return text(AREA.right + 10, lowest + 4, name, { fill: color, weight: 600 })
  })
}

const dashOf = (dash: string): string => (dash === '' ? '' : ` stroke-dasharray="${dash}"`)

const horizontal = (y: number, color: string, dash = ''): string =>
  `<line x1="${AREA.left}" x2="${AREA.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="${color}"${dashOf(dash)}/>`

const vertical = (x: number): string =>
  `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${AREA.top}" y2="${AREA.bottom}" stroke="${GRID}"/>`

/** `2k`, `150k`, `1M` */
function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`
  return value >= 1000 ? `${value / 1000}k` : `${value}`
}

interface TextStyle {
  readonly fill: string
  readonly size?: number
  readonly weight?: number
  readonly anchor?: 'middle' | 'end'
}

function text(x: number, y: number, words: string, { fill, size, weight, anchor }: TextStyle): string {
  const style = [
    `fill="${fill}"`,
    size && `font-size="${size}"`,
    weight && `font-weight="${weight}"`,
    anchor && `text-anchor="${anchor}"`,
  ]
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${style.filter(Boolean).join(' ')}>${escaped(words)}</text>`
}

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

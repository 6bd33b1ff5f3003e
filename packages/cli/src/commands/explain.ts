import {
  EXIT,
  LoadError,
  METRICS,
  type MetricDefinition,
  type OtherName,
  RUN_RATES,
  type RunRate,
  type RunRateName,
} from '@llmload/core'
import { wrapped } from '../help.js'
import { nearest } from '../nearest.js'

const INDENT = 16
const MAX_WIDTH = 100

/** `llmload explain METRIC`: what a number means and how it is made; without a name, which there are. */
export function explain(words: readonly string[], columns = MAX_WIDTH): number {
  const width = Math.min(columns, MAX_WIDTH)
  const word = words.join(' ')
  process.stdout.write(word === '' || word === '--help' || word === '-h' ? listText(width) : explanation(word, width))
  return EXIT.ok
}

/** Throws BAD_OPTIONS if nothing is called so. */
function explanation(word: string, width: number): string {
  const metrics = METRICS.filter((metric) => isNamed(word, namesOf(metric)))
  const rates = rateNames().filter((name) => isNamed(word, [name, RUN_RATES[name].label]))
  if (metrics.length + rates.length > 0) {
    return [
      ...metrics.map((metric) => metricText(metric, width)),
      ...rates.map((name) => rateText(name, RUN_RATES[name], width)),
    ].join('\n')
  }
  const known = METRICS.flatMap(namesOf).concat(rateNames()).map(plain)
  const suggestion = nearest(plain(word), known)
  throw new LoadError(
    'BAD_OPTIONS',
    `no metric is called '${word}'`,
    `${suggestion === undefined ? '' : `did you mean ${suggestion}? `}llmload explain lists them all`,
  )
}

const rateNames = (): RunRateName[] => Object.keys(RUN_RATES) as RunRateName[]

const namesOf = ({ name, label }: MetricDefinition): string[] => (label === null ? [name] : [name, label])

const isNamed = (word: string, names: readonly string[]): boolean => names.some((name) => plain(name) === plain(word))

/** Names are the same in any case, with dashes, spaces or underscores. */
const plain = (name: string): string => name.toLowerCase().replace(/[-\s]+/g, '_')

function metricText(metric: MetricDefinition, width: number): string {
  const { name, label, unit, meaning, formula, marks, of } = metric
  return entryText(
    label === null ? name : `${name} (${label})`,
    [
      ['meaning', [meaning]],
      ['formula', [formula]],
      ['unit', [unit]],
      ['marks', [marks.join(', ')]],
      ['requests', [REQUESTS[of]]],
      ...comparison(metric),
      ['printed', printedIn(metric)],
      ['see also', relatives(metric)],
    ],
    width,
  )
}

/** Its variants: other ends of the same latency, and the one from the schedule. */
function relatives({ label }: MetricDefinition): string[] {
  if (label === null) return []
  const metrics: readonly MetricDefinition[] = METRICS
  return metrics
    .filter((other) => other.label?.startsWith(`${label}:`) || other.label?.startsWith(`${label} `))
    .filter(({ label }) => !/: .* from schedule/.test(label ?? ''))
    .map(({ name, label }) => `${name} (${label})`)
}

const REQUESTS = {
  answered: 'those that were answered in full',
  reached: 'those that were answered in full, and those cut off at the end of the run as far as they had come',
  sent: 'all that were sent',
  failed: 'those that failed',
} as const satisfies Record<MetricDefinition['of'], string>

function printedIn({ name, table, shown }: MetricDefinition): string[] {
  return [
    ...(shown === 'always' ? ['metrics block'] : []),
    ...(shown === 'telling' ? ['metrics block, where it tells what no other line does'] : []),
    ...(table ? [`request and percentile tables and --csv, row METRIC ${name}`] : []),
    `--json, metrics.${name}`,
  ]
}

function rateText(name: string, rate: RunRate, width: number): string {
  const shown = name === 'succeededPerSecond' ? [] : ['metrics block, line “Whole run”']
  return entryText(
    `${name} (${rate.label})`,
    [
      ['meaning', [rate.meaning]],
      ['formula', [rate.formula]],
      ['unit', [rate.unit]],
      ...comparison(rate),
      ['printed', [...shown, `--json, requests.${name}`]],
    ],
    width,
  )
}

type Item = readonly [title: string, lines: readonly string[]]

function comparison({ sameAs, differsFrom }: Pick<MetricDefinition, 'sameAs' | 'differsFrom'>): Item[] {
  return [
    ['same as', sameAs.map(otherName)],
    ['differs from', differsFrom.map((other) => `${otherName(other)}, which ${other.how}`)],
  ]
}

const otherName = ({ tool, name }: OtherName): string => `${tool}: ${name}`

function entryText(title: string, items: readonly Item[], width: number): string {
  const lines = items.flatMap(([name, texts]) =>
    texts
      .flatMap((text) => wrapped(text, width - INDENT))
      .map((line, i) => `  ${(i === 0 ? name : '').padEnd(INDENT - 2)}${line}`),
  )
  return `${[title, ...lines].join('\n')}\n`
}

function listText(width: number): string {
  const metrics: readonly MetricDefinition[] = METRICS
  const rows = [
    ...metrics.map(({ name, label, unit }) => [name, label ?? '', unit]),
    ...rateNames().map((name) => [name, RUN_RATES[name].label, RUN_RATES[name].unit]),
  ]
  const [nameWidth = 0, labelWidth = 0] = [0, 1].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const lines = rows.map(([name = '', label = '', unit = '']) =>
    `${name.padEnd(nameWidth)}  ${label.padEnd(labelWidth)}  ${unit}`.slice(0, width),
  )
  return `Usage: llmload explain METRIC, by its name or its label\n\n${lines.join('\n')}\n`
}

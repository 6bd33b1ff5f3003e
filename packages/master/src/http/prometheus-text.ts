/**
 * The two text formats that Prometheus scrapes.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export const EXPOSITIONS = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openMetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const

export type Exposition = keyof typeof EXPOSITIONS

type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

interface HistogramSample {
  readonly labels: Labels
  /** How many values were at most the bound of the same index. */
  readonly upTo: readonly number[]
  readonly count: number
  readonly sum: number
}

/** All series of one name, which is written here without the suffixes of its type (`_total`, `_bucket`, …). */
export type Family = { readonly name: string; readonly help: string } & (
  | { readonly type: 'counter' | 'gauge'; readonly samples: readonly Sample[] }
  | { readonly type: 'histogram'; readonly bounds: readonly number[]; readonly samples: readonly HistogramSample[] }
)

/** What a scraper gets that accepts this; Prometheus names both formats, and takes either. */
export function expositionOf(accept: string | undefined): Exposition {
  return accept?.includes('application/openmetrics-text') ? 'openMetrics' : 'text'
}

/** A page of families in one of the formats. */
export function writeFamilies(families: readonly Family[], exposition: Exposition): string {
  const lines = families.flatMap((family) => [...headOf(family, exposition), ...linesOf(family)])
  if (exposition === 'openMetrics') lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

function headOf({ name, type, help }: Family, exposition: Exposition): string[] {
  // The older format calls a family as its series are called, the newer one as it is called itself.
  const familyName = type === 'counter' && exposition === 'text' ? `${name}_total` : name
  return [`# HELP ${familyName} ${help}`, `# TYPE ${familyName} ${type}`]
}

function linesOf(family: Family): string[] {
  const { name } = family
  switch (family.type) {
    case 'counter':
      return family.samples.map(({ labels, value }) => series(`${name}_total`, labels, value))
    case 'gauge':
      return family.samples.map(({ labels, value }) => series(name, labels, value))
    case 'histogram':
      return family.samples.flatMap(({ labels, upTo, count, sum }) => [
        ...family.bounds.map((bound, i) => series(`${name}_bucket`, { ...labels, le: boundText(bound) }, upTo[i] ?? 0)),
        series(`${name}_bucket`, { ...labels, le: '+Inf' }, count),
        series(`${name}_sum`, labels, sum),
        series(`${name}_count`, labels, count),
      ])
  }
}

function series(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
}

/** OpenMetrics wants `1.0`; with `1` in the other format a scraper that changes its mind would see two series. */
const boundText = (bound: number): string => (Number.isInteger(bound) ? bound.toFixed(1) : String(bound))

const escaped = (text: string): string => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')

import { CSV_ROW_END, csvRow, parseCsv } from './csv.js'
import type { SummaryRow } from './summary-block.js'

/** What has to be known of the file that a summary is appended to. The whole text may stand for both. */
export interface ExistingSummaryFile {
  /** The beginning with all of the first row, however much follows; empty for a new or empty file. */
  readonly head: string
  /** The end; one character will do. */
  readonly tail: string
}

export interface AppendPlan {
  /** To be written at the end of the file in one piece. */
  readonly text: string
  /** Sentences for the log: what of this run and the file's columns did not fit together. */
  readonly warnings: readonly string[]
}

/**
 * How to add a run to a summary CSV, which may have been begun by another version, another mode or
 * llm_bench itself: under the columns that are there, by name. Nothing that is in the file is
 * changed, and no value is dropped without a warning that holds it.
 */
export function appendPlan({ head, tail }: ExistingSummaryFile, rows: readonly SummaryRow[]): AppendPlan {
  const labels = rows.map(([label]) => label)
  const asIs = csvRow(rows.map(([, value]) => value ?? ''))
  const columns = headerOf(head)
  const lineBreak = tail === '' || /[\r\n]$/.test(tail) ? '' : CSV_ROW_END
  if (!columns) return { text: csvRow(labels) + asIs, warnings: [] }
  if (sameTexts(columns, labels)) return { text: lineBreak + asIs, warnings: [] }
  if (!labels.some((label) => columns.includes(label))) {
    const warning =
      'the summary file has none of our columns in its first line; a header line of our own was added to it'
    return { text: lineBreak + csvRow(labels) + asIs, warnings: [warning] }
  }
  return { text: lineBreak + csvRow(mapped(columns, rows)), warnings: misfits(columns, rows) }
}

/** Column names of the first row, without the byte order mark that Excel writes. */
function headerOf(head: string): string[] | undefined {
  return parseCsv(head.replace(/^\uFEFF/, '')).next().value ?? undefined
}

function mapped(columns: readonly string[], rows: readonly SummaryRow[]): string[] {
  const values = new Map(rows)
  return columns.map((column) => values.get(column) ?? '')
}

function misfits(columns: readonly string[], rows: readonly SummaryRow[]): string[] {
  const homeless = rows
    .filter(([label]) => !columns.includes(label))
    .map(([label, value]) => `${label} (${value ?? 'None'})`)
  const unfilled = columns.filter((column) => !rows.some(([label]) => label === column))
  const warnings: string[] = []
  if (homeless.length > 0) warnings.push(`the summary file has no column for ${homeless.join(', ')}`)
  if (unfilled.length > 0)
    warnings.push(`this run has no value for ${unfilled.join(', ')} of the summary file; left empty`)
  return warnings
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i])
}

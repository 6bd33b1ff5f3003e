import type { ErrorEntryData } from '../metrics/error-entry.js'
import { padEndCodePoints, printable } from './python-format.js'
import { tableRule, tableText } from './table-layout.js'

const COUNT_WIDTH = 18
const ERROR_WIDTH = 100
/** Width of the rule beyond the count and the room for names. */
const RULE_EXTRA = 61

/**
 * Locust's error report (`stats.py:get_error_report_summary`), ending in an empty line, errors in the
 * order given; an empty text if there are none. Locust lets a line break in a message break the
 * table; here it is printed as `\n`.
 *
 * @param width from `nameWidth`
 */
export function errorReport(errors: Iterable<ErrorEntryData>, width: number): string {
  const rows = [...errors].map((error) => line(String(error.occurrences), displayText(error)))
  if (rows.length === 0) return ''
  const rule = tableRule([COUNT_WIDTH, width + RULE_EXTRA])
  return tableText(['Error report', line('# occurrences', 'Error'), rule, ...rows, rule])
}

function displayText({ method, name, error }: ErrorEntryData): string {
  return printable(`${method} ${name}: ${error}`)
}

function line(count: string, error: string): string {
  return `${count.padEnd(COUNT_WIDTH)} ${padEndCodePoints(error, ERROR_WIDTH)}`
}

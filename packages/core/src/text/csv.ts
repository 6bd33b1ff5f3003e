/** CSV as Python's csv module writes it with its defaults, and as RFC 4180 has it. */

export const CSV_ROW_END = '\r\n'

/** One row with its row end. Only what needs quotes gets them. */
export function csvRow(fields: readonly string[]): string {
  // A row of one empty field would be an empty line, which readers skip.
  if (fields.length === 1 && fields[0] === '') return `""${CSV_ROW_END}`
  return fields.map(csvField).join(',') + CSV_ROW_END
}

function csvField(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

/**
 * The rows of a CSV text, one by one, so that a caller who needs the first pays for no more. Rows may
 * end in CRLF, LF or CR, and quoted fields may hold them; empty lines are skipped; a quote that is
 * never closed runs to the end of the text.
 */
export function* parseCsv(text: string): Generator<string[], void> {
  let at = 0
  while (at < text.length) {
    const fields: string[] = []
    let delimiter = ','
    const rowStart = at
    while (delimiter === ',') {
      const field = readField(text, at)
      fields.push(field.value)
      delimiter = text[field.end] ?? ''
      at = field.end + 1
    }
    if (delimiter === '\r' && text[at] === '\n') at++
    const isEmptyLine = text[rowStart] === delimiter
    if (!isEmptyLine) yield fields
  }
}

interface Field {
  readonly value: string
  /** Where the delimiter or row end stands that ended it, or the end of the text. */
  readonly end: number
}

function readField(text: string, start: number): Field {
  if (text[start] !== '"') return readPlain(text, start)
  const { value, end } = readQuoted(text, start + 1)
  // Not allowed by the RFC: text between the closing quote and the delimiter. It is kept.
  const rest = readPlain(text, end)
  return { value: value + rest.value, end: rest.end }
}

function readPlain(text: string, start: number): Field {
  let end = start
  while (end < text.length && !',\r\n'.includes(text.charAt(end))) end++
  return { value: text.slice(start, end), end }
}

function readQuoted(text: string, start: number): Field {
  let value = ''
  let from = start
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote === -1) return { value: value + text.slice(from), end: text.length }
    value += text.slice(from, quote)
    if (text[quote + 1] !== '"') return { value, end: quote + 1 }
    value += '"'
    from = quote + 2
  }
}

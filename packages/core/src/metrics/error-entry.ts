/** Equal failures of one row of the table, as plain JSON. */
export interface ErrorEntryData {
  readonly method: string
  readonly name: string
  readonly error: string
  readonly occurrences: number
  /** Wall time, Unix milliseconds. */
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

/**
 * Distinct errors that are kept apart. A report with more is unreadable, and a server that puts a
 * request id into each message would fill the memory and every delta.
 */
export const MAX_DISTINCT_ERRORS = 500

/** What stands for all errors that came after the table was full. */
export const OTHER_ERRORS = 'other errors'

/** Failures grouped by method, name and text, in the order in which they first came. */
export class ErrorTable {
  readonly #entries = new Map<string, ErrorEntryData>()

  get entries(): Iterable<ErrorEntryData> {
    return this.#entries.values()
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0
  }

  /** Books one failure at a wall time, Unix milliseconds. */
  log(method: string, name: string, error: string, wallMs: number): void {
    this.#add({ method, name, error, occurrences: 1, firstSeenMs: wallMs, lastSeenMs: wallMs })
  }

  /** Adds what other tables took. Occurrences add up, first is the earliest, last the latest. */
  merge(data: Iterable<ErrorEntryData>): void {
    for (const entry of data) this.#add(entry)
  }

  /** Everything since the last take; the table is empty afterwards. */
  takeData(): ErrorEntryData[] {
    const data = [...this.#entries.values()]
    this.#entries.clear()
    return data
  }

  #add(added: ErrorEntryData): void {
    const key = keyOf(added)
    const known = this.#entries.get(key)
    if (known) this.#entries.set(key, sumOf(known, added))
    else if (this.#entries.size < MAX_DISTINCT_ERRORS) this.#entries.set(key, added)
    else this.#addToOthers({ ...added, error: OTHER_ERRORS })
  }

  #addToOthers(added: ErrorEntryData): void {
    const key = keyOf(added)
    const known = this.#entries.get(key)
    this.#entries.set(key, known ? sumOf(known, added) : added)
  }
}

function keyOf({ method, name, error }: ErrorEntryData): string {
  return JSON.stringify([method, name, error])
}

function sumOf(a: ErrorEntryData, b: ErrorEntryData): ErrorEntryData {
  return {
    ...a,
    occurrences: a.occurrences + b.occurrences,
    firstSeenMs: Math.min(a.firstSeenMs, b.firstSeenMs),
    lastSeenMs: Math.max(a.lastSeenMs, b.lastSeenMs),
  }
}

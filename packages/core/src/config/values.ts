/** What a text means, or what it should have been (completes "… must be") and perhaps a way out. */
type Parsed<T> = { readonly value: T } | { readonly expected: string; readonly hint?: string }

/** One kind of value: its name in help, and how it is read from what a person wrote. */
export interface ValueType<T> {
  /** Stands for the value in help, like `SPAN`; null = a switch, which is written without a value. */
  readonly placeholder: string | null
  /** Whether an option may be given several times. `parse` then gets one text with an item per line. */
  readonly list?: true
  readonly parse: (text: string) => Parsed<T>
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** Borders of a number; `above` is not part of the range. */
interface Range {
  readonly min?: number
  readonly above?: number
  readonly max?: number
}

const isWithin = (value: number, { min = -Infinity, above = -Infinity, max = Infinity }: Range): boolean =>
  value >= min && value > above && value <= max

function rangeText({ min, above, max }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` of at least ${min}`
  if (above === undefined) return ''
  return max === undefined ? ` above ${above}` : ` above ${above}, at most ${max}`
}

/** A whole number, in plain digits. */
export function integer(range: Range, placeholder = 'N'): ValueType<number> {
  const parse = (text: string): Parsed<number> => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
    if (Number.isSafeInteger(value) && isWithin(value, range)) return { value }
    return { expected: `a whole number${rangeText(range)}` }
  }
  return { placeholder, parse }
}

export function decimal(range: Range, placeholder = 'X'): ValueType<number> {
  const parse = (text: string): Parsed<number> => {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN
    return Number.isFinite(value) && isWithin(value, range) ? { value } : { expected: `a number${rangeText(range)}` }
  }
  return { placeholder, parse }
}

/** A number, or `inf` for what it tends to. */
export function orInfinite({ placeholder, parse }: ValueType<number>): ValueType<number> {
  const parseEither = (text: string): Parsed<number> => {
    if (/^\+?inf(inity)?$/i.test(text)) return { value: Number.POSITIVE_INFINITY }
    const parsed = parse(text)
    return 'value' in parsed ? parsed : { ...parsed, expected: `${parsed.expected}, or inf` }
  }
  return { placeholder, parse: parseEither }
}

const TRUE = ['true', 'yes', '1']
const FALSE = ['false', 'no', '0']

export const flag: ValueType<boolean> = {
  placeholder: null,
  parse(text) {
    const word = text.toLowerCase()
    if (TRUE.includes(word)) return { value: true }
    return FALSE.includes(word) ? { value: false } : { expected: 'true, yes or 1, or false, no or 0' }
  },
}

/** Hours, minutes, seconds, milliseconds: in that order, each at most once. */
const SPAN = /^(?:([\d.]+)h)?(?:([\d.]+)m(?:in)?(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?$/
const SECONDS_OF = [3600, 60, 1, 0.001]

/** A time span in seconds: bare seconds, or as Locust writes it, with `min` for minutes and `ms` besides. */
export function span(range: Range): ValueType<number> {
  const parse = (text: string): Parsed<number> => {
    const value = DECIMAL.test(text) ? Number(text) : secondsOf(text)
    if (isWithin(value, { min: 0, ...range })) return { value }
    return { expected: `a time span${rangeText(range)}`, hint: 'write it like 90, 30s, 2m, 1h30m or 500ms' }
  }
  return { placeholder: 'SPAN', parse }
}

function secondsOf(text: string): number {
  const [, ...parts] = text === '' ? [] : (SPAN.exec(text) ?? [])
  if (parts.length === 0) return Number.NaN
  // 1h30.5m is 3600 + 30.5 · 60: a part that is missing adds nothing, one like `1.2.3` makes it NaN.
  return parts.reduce((sumS, part, i) => sumS + Number(part ?? 0) * (SECONDS_OF[i] ?? Number.NaN), 0)
}

/** One of a few words, in any case. */
export function choice<const Word extends string>(words: readonly Word[]): ValueType<Word> {
  const parse = (text: string): Parsed<Word> => {
    const value = words.find((word) => word.toLowerCase() === text.toLowerCase())
    return value === undefined ? { expected: `one of ${words.join(', ')}` } : { value }
  }
  return { placeholder: words.join('|'), parse }
}

export function text(placeholder: string): ValueType<string> {
  return { placeholder, parse: (value) => (value === '' ? { expected: 'more than an empty text' } : { value }) }
}

/** What a header of HTTP may hold: tabs and visible characters of Latin-1. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** They belong to the connection and to the body, which are ours. */
const OUR_HEADERS = /^(connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i

/** A key or token that goes into a header. */
export const credential: ValueType<string> = {
  placeholder: 'KEY',
  parse(text) {
    const value = text.trim()
    if (value === '') return { expected: 'more than an empty text', hint: 'is the variable that it comes from set?' }
    return HEADER_VALUE.test(value) ? { value } : { expected: 'without characters that an HTTP header cannot hold' }
  },
}

/** Hosts as URLs have them, one per line, each with or without a port. */
export const hosts: ValueType<readonly string[]> = {
  placeholder: 'HOST',
  list: true,
  parse(text) {
    const names = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
    const isHost = (name: string): boolean => /^[^/@?#\\]+$/.test(name) && URL.canParse(`http://${name}`)
    if (!names.every(isHost))
      return { expected: 'a host, with or without a port', hint: 'write it like gpu-1 or gpu-1:8000' }
    return { value: names.map((name) => new URL(`http://${name}`).host) }
  },
}

/** SHA-256 of a certificate, `sha256:` and 64 hexadecimal digits, with or without colons as OpenSSL prints them. */
export const fingerprint: ValueType<string> = {
  placeholder: 'sha256:HEX',
  parse(text) {
    const digits = text
      .replace(/^sha-?256[:=]/i, '')
      .replaceAll(':', '')
      .toLowerCase()
    if (/^[\da-f]{64}$/.test(digits)) return { value: `sha256:${digits}` }
    return {
      expected: 'sha256: and 64 hexadecimal digits',
      hint: 'the master prints it with the command of its workers',
    }
  },
}

export type Header = readonly [name: string, value: string]

/** Request headers, `name:value`, one per line. */
export const headers: ValueType<readonly Header[]> = {
  placeholder: 'NAME:VALUE',
  list: true,
  parse(text) {
    const parsed: Header[] = []
    for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
      const header = parseHeader(line)
      if ('expected' in header) return header
      parsed.push(header.value)
    }
    return { value: parsed }
  },
}

function parseHeader(line: string): Parsed<Header> {
  const colon = line.indexOf(':')
  if (colon < 0)
    return { expected: 'a name and a value with a colon between them', hint: 'write it like x-team:search' }
  const name = line.slice(0, colon).trim()
  const value = line.slice(colon + 1).trim()
  if (!HEADER_NAME.test(name)) return { expected: `named with letters, digits and dashes only, not '${name}'` }
  if (OUR_HEADERS.test(name)) return { expected: `another header than ${name}, which llmload sets itself` }
  if (!HEADER_VALUE.test(value)) return { expected: `a header of visible characters; the value of ${name} has others` }
  return { value: [name, value] }
}

/** The word for the simulator inside the run. */
const SIMULATOR = 'sim'

/** Base URL of a server, without a slash at its end; null for the simulator inside the run. */
export const serverUrl: ValueType<string | null> = {
  placeholder: 'URL',
  parse(text) {
    if (text === SIMULATOR) return { value: null }
    const expected = 'an http or https URL, or the word sim'
    if (!text.includes('://'))
      return { expected, ...(/^[^@]+$/.test(text) && { hint: `did you mean http://${text}?` }) }
    const url = URL.canParse(text) ? new URL(text) : null
    if (url === null || !/^https?:$/.test(url.protocol)) return { expected }
    return parseHttpUrl(url)
  },
}

function parseHttpUrl(url: URL): Parsed<string | null> {
  if (url.username !== '' || url.password !== '') {
    return {
      expected: 'a URL without user and password',
      hint: 'give them by LLMLOAD_HEADER, as authorization:Basic …',
    }
  }
  if (url.search !== '' || url.hash !== '') return { expected: 'a URL without ? and #' }
  const value = `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  if (!value.endsWith('/v1')) return { value }
  return { expected: 'without /v1 at its end, which llmload adds', hint: `write ${value.slice(0, -'/v1'.length)}` }
}

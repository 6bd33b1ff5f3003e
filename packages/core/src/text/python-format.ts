/**
 * Numbers and texts as Python prints them: Locust's tables and llm_bench's summary are made by
 * Python, and scripts that read them expect its digits.
 */

/**
 * `'%.<digits>f' % value`. Python rounds an exact tie to even, `toFixed` rounds it up, and ties do
 * occur: one request in a window of eight seconds is 0.125/s, which has to print as 0.12.
 */
export function formatFixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return nonFinite(value)
  const size = Math.abs(value)
  return sign(value) + (size < TO_FIXED_LIMIT ? fixedDigits(size, digits) : hugeDigits(size, digits))
}

/** From here on `toFixed` answers in exponents. */
const TO_FIXED_LIMIT = 1e21

function fixedDigits(size: number, digits: number): string {
  // A tie is an odd multiple of 1/2^(digits + 1), so its decimal expansion ends exactly there, in a 5.
  const isTie = (size * 2 ** (digits + 1)) % 2 === 1
  if (!isTie) return size.toFixed(digits)
  const truncated = size
    .toFixed(digits + 1)
    .slice(0, -1)
    .replace(/\.$/, '')
  return Number(truncated.at(-1)) % 2 === 0 ? truncated : size.toFixed(digits)
}

function hugeDigits(size: number, digits: number): string {
  const integer = BigInt(size).toString()
  return digits === 0 ? integer : `${integer}.${'0'.repeat(digits)}`
}

/** `'%d' % value`: the fraction is cut off. Throws a RangeError for what is no finite number, as Python does. */
export function formatInt(value: number): string {
  return BigInt(Math.trunc(value)).toString()
}

/**
 * `repr(value)` of a Python float: the shortest digits that read back the same, at least one of
 * them after the point (`50.0`), with a two-digit exponent below 1e-4 and from 1e16 on (`1e-05`).
 */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return nonFinite(value)
  if (value === 0) return `${sign(value)}0.0`
  const size = Math.abs(value)
  const [mantissa = '', exponentText = ''] = size.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 16) return sign(value) + pointed(mantissa.replace('.', ''), exponent)
  return `${sign(value)}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** Significant digits with the point `exponent` places after the first of them. */
function pointed(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  const integer = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${integer}.${digits.slice(exponent + 1) || '0'}`
}

function sign(value: number): string {
  return value < 0 || Object.is(value, -0) ? '-' : ''
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'nan' : `${sign(value)}inf`
}

/** What Python does not print as it is: controls, separators but the plain space, unassigned code points. */
const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/gu
/** What can break a line of a report, turn its direction, or steer a terminal. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** `repr(text)` of a Python string, quotes included. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const quoted = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)
  return quote + quoted.replace(UNPRINTABLE, escapeOf) + quote
}

/** A text of somebody else, fit to be printed on one line: what is unsafe is written as `\n` or `\x1b`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escapeOf)
}

const SHORT_ESCAPES = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

function escapeOf(character: string): string {
  return SHORT_ESCAPES.get(character) ?? hexEscape(character)
}

function hexEscape(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  if (hex.length <= 2) return `\\x${hex.padStart(2, '0')}`
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

/** `'%-<width>s' % text`: pads on the right, counts code points, never cuts. */
export function padEndCodePoints(text: string, width: number): string {
  return text + ' '.repeat(Math.max(width - [...text].length, 0))
}

/** The order in which Python sorts texts: by code points. JavaScript's own puts 😀 before U+FFFD. */
export function compareCodePoints(a: string, b: string): number {
  const left = [...a]
  const right = [...b]
  for (const [i, character] of left.entries()) {
    const difference = (character.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? -1)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Bytes of the character that begins at `at` inside a JSON string: a code point in UTF-8 or an escape,
 * which may be half of a pair of surrogates. 0 if none may stand there.
 */
export function charLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  if (first >= 0x80) return utf8Length(bytes, at)
  if (first === BACKSLASH) return escapeLength(bytes, at)
  return first < SPACE || first === QUOTE ? 0 : 1
}

/** Whether a character is the escaped second half of a pair, \uDC00 … \uDFFF, whose first half has been counted. */
export function isLowSurrogate(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== BACKSLASH || bytes[at + 1] !== 0x75 || ((bytes[at + 2] ?? 0) | 0x20) !== 0x64) return false
  const digit = (bytes[at + 3] ?? 0) | 0x20
  return digit >= 0x63 && digit <= 0x66
}

/** Bytes of the escape whose backslash is at `at`; 0 if it is none (RFC 8259 §7). */
export function escapeLength(bytes: Buffer, at: number): 0 | 2 | 6 {
  switch (bytes[at + 1]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // slash
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return 2
    case 0x75: // u
      return isHex(bytes[at + 2]) && isHex(bytes[at + 3]) && isHex(bytes[at + 4]) && isHex(bytes[at + 5]) ? 6 : 0
    default:
      return 0
  }
}

/** Bytes of the character above U+007F whose first byte is at `at`; 0 if it is not well-formed (RFC 3629 §4). */
function utf8Length(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0xc2 || first > 0xf4 || !isSecondByte(first, bytes[at + 1])) return 0
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  for (let i = 2; i < length; i++) if (!isContinuation(bytes[at + i])) return 0
  return length
}

function isSecondByte(first: number, second = 0): boolean {
  switch (first) {
    case 0xe0: // less would be overlong
      return second >= 0xa0 && second <= 0xbf
    case 0xed: // more would be a surrogate
      return second >= 0x80 && second <= 0x9f
    case 0xf0: // less would be overlong
      return second >= 0x90 && second <= 0xbf
    case 0xf4: // more would be beyond U+10FFFF
      return second >= 0x80 && second <= 0x8f
    default:
      return isContinuation(second)
  }
}

const isContinuation = (byte = 0): boolean => (byte & 0xc0) === 0x80

/** Letters differ from their capitals by one bit. */
const isHex = (byte = 0): boolean => (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)

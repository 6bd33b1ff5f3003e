import type { HostClock } from '@llmload/core'

/** Digits of the monotonic clock in nanoseconds for the first 31 years of a host. */
export const STAMP_DIGITS = 18

const KEY = '"sent_ns":'
const ZERO = 0x30

/** The field of a chunk that is filled with its send time when it goes. Until then it is valid JSON too. */
export const STAMP_FIELD = `${KEY}${'0'.padStart(STAMP_DIGITS)},`

/** Puts the true send time into chunks: nanoseconds of the host's monotonic clock, spaces before them. */
export class Stamps {
  readonly #host: HostClock

  constructor(host: HostClock) {
    this.#host = host
  }

  /** Fills every stamp in the bytes that is not filled yet. */
  fill(bytes: Uint8Array, nowMs: number): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = buffer.indexOf(STAMP_FIELD); at >= 0; at = buffer.indexOf(STAMP_FIELD, at)) {
      writeDigits(buffer, at + KEY.length + STAMP_DIGITS, this.#host.toNs(nowMs))
    }
  }
}

/** Writes an integer so that it ends before `end`. */
function writeDigits(buffer: Buffer, end: number, value: number): void {
  let rest = value
  for (let at = end - 1; rest > 0; at--) {
    const next = Math.floor(rest / 10)
    buffer[at] = ZERO + (rest - next * 10)
    rest = next
  }
}

import type { ResponseTap } from '@llmload/core'

const KEY = Buffer.from('"sent_ns":')
const DONE = Buffer.from('data: [DONE]')
const SPACE = 0x20
const ZERO = 0x30
const NINE = 0x39

/**
 * Reads the true send times out of an answer of `llmload sim --stamp-chunks`, and keeps each beside
 * the instant at which the client took note of the bytes.
 */
export class StampTap implements ResponseTap {
  /** True send times, in nanoseconds of the host's monotonic clock. */
  readonly sentNs: number[] = []
  /** When their bytes arrived by the client's own stamp, in milliseconds of its clock. */
  readonly arrivedMs: number[] = []
  readonly #onDone: (tap: StampTap) => void

  /** @param onDone called when `[DONE]` was read: the last stamp is that of the write which brought it. */
  constructor(onDone: (tap: StampTap) => void) {
    this.#onDone = onDone
  }

  data(bytes: Buffer, nowMs: number, start: number, end: number): void {
    const read = bytes.subarray(start, end)
    for (let at = read.indexOf(KEY); at >= 0; at = read.indexOf(KEY, at + KEY.length)) {
      const stamp = numberAt(read, at + KEY.length)
      if (stamp === null) continue
      this.sentNs.push(stamp)
      this.arrivedMs.push(nowMs)
    }
    if (read.includes(DONE)) this.#onDone(this)
  }
}

/** The integer that begins there, after spaces; null if the read ends before it does. */
function numberAt(bytes: Buffer, from: number): number | null {
  let at = from
  while (bytes[at] === SPACE) at++
  let value = 0
  for (let byte = bytes[at]; byte !== undefined; byte = bytes[++at]) {
    if (byte < ZERO || byte > NINE) return value
    value = value * 10 + (byte - ZERO)
  }
  return null
}

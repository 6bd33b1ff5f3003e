import type { Clock } from '../clock.js'
import { HEARTBEAT_MS, SILENCE_LIMIT_MS } from './timers.js'

/** Who looks so late at what comes every HEARTBEAT_MS was not running itself. */
export const PAUSE_MS = 3 * HEARTBEAT_MS

/**
 * Notices that the other side of a connection says nothing any more. A pause of this process is not
 * taken for one of the other: what was said meanwhile is still to be read.
 */
export class Silence {
  readonly #clock: Clock
  #heardMs: number
  #lookedMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#heardMs = clock.nowMs()
    this.#lookedMs = this.#heardMs
  }

  /** The other side has said something. */
  broken(): void {
    this.#heardMs = this.#clock.nowMs()
  }

  /** How long the other side was silent, if that is too long. To be asked every `HEARTBEAT_MS`. */
  look(): number | null {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#lookedMs > PAUSE_MS) this.#heardMs = nowMs
    this.#lookedMs = nowMs
    const silentMs = nowMs - this.#heardMs
    return silentMs > SILENCE_LIMIT_MS ? silentMs : null
  }
}

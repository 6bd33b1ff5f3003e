import type { Clock, Log } from '@llmload/core'

const QUIET_MS = 1000

/** Addresses that are remembered. From more than so many in a second nothing more is logged. */
const MAX_ADDRESSES = 1000

/** Logs who was turned away, once per address and second: whoever knocks a lot must not fill a disk. */
export class RefusalLog {
  readonly #clock: Clock
  readonly #log: Log
  /** When an address was last logged, oldest first, and how often it was turned away since. */
  readonly #addresses = new Map<string, { readonly atMs: number; unsaid: number }>()

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  add(address: string, status: number, why: string): void {
    const nowMs = this.#clock.nowMs()
    const before = this.#addresses.get(address)
    if (before !== undefined && nowMs - before.atMs < QUIET_MS) {
      before.unsaid++
      return
    }
    this.#addresses.delete(address)
    this.#makeRoom(nowMs)
    if (this.#addresses.size >= MAX_ADDRESSES) return
    this.#addresses.set(address, { atMs: nowMs, unsaid: 0 })
    const more = before?.unsaid ? ` (and ${before.unsaid} times since it was last logged)` : ''
    this.#log.warn({ address, status }, `a connection was turned away: ${why}${more}`)
  }

  #makeRoom(nowMs: number): void {
    if (this.#addresses.size < MAX_ADDRESSES) return
    for (const [address, { atMs }] of this.#addresses) {
      if (nowMs - atMs < QUIET_MS) return
      this.#addresses.delete(address)
    }
  }
}

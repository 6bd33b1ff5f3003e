/** Requests of the measured window that this worker may still send: its part of `--max-requests`. */
export class Quota {
  #left: number

  /** @param requests Infinity = no limit */
  constructor(requests: number) {
    this.#left = requests
  }

  get isUsedUp(): boolean {
    return this.#left <= 0
  }

  /** One request of the measured window was sent. */
  take(): void {
    this.#left--
  }

  grant(requests: number): void {
    this.#left += requests
  }
}

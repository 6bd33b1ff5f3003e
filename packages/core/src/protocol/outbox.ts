/** A message with its place in the order of all that one side has said and the other must hear. */
export type Numbered<Message> = Message & { readonly n?: number }

/**
 * What one side has said and the other may not have heard yet. Connections come and go; what waits
 * here is said again on the next one, under the same numbers.
 */
export class Outbox<Message extends { readonly type: string }> {
  #waiting: (Message & { readonly n: number })[] = []
  #last = 0

  /** Gives a message the next number, and keeps it. */
  post(message: Message): Numbered<Message> {
    const numbered = { n: ++this.#last, ...message }
    this.#waiting.push(numbered)
    return numbered
  }

  /** In order. */
  get waiting(): readonly Numbered<Message>[] {
    return this.#waiting
  }

  /** The other side has heard everything up to a number. Throws a RangeError if that was never said. */
  heard(n: number): void {
    if (n > this.#last) throw new RangeError(`it has heard number ${n}, and ${this.#last} was the last`)
    const first = this.#waiting.findIndex((message) => message.n > n)
    this.#waiting.splice(0, first < 0 ? this.#waiting.length : first)
  }
}

/** What one side has heard: each number once, in order, whatever is said again. */
export class Inbox {
  #last = 0

  /** The last number heard; 0 before the first. */
  get last(): number {
    return this.#last
  }

  /** Whether a message is to be taken: not if it was before. Throws a RangeError if one before it is missing. */
  takes(n: number | undefined): boolean {
    if (n === undefined) return true
    if (n <= this.#last) return false
    if (n > this.#last + 1) throw new RangeError(`number ${n} after number ${this.#last}`)
    this.#last = n
    return true
  }
}

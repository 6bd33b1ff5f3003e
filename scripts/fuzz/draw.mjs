/** Random choices of one case. */
export class Draw {
  /** @param {() => number} next in [0, 1) */
  constructor(next) {
    this.next = next
  }

  /** @param {number} limit @returns {number} a whole number in [0, limit) */
  below(limit) {
    return Math.floor(this.next() * limit)
  }

  /** @param {number} chance */
  is(chance) {
    return this.next() < chance
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  of(list) {
    return /** @type {T} */ (list[this.below(list.length)])
  }

  /** @template T @param {number} count @param {(index: number) => T} make @returns {T[]} */
  list(count, make) {
    return Array.from({ length: count }, (_, index) => make(index))
  }

  /** Bytes with a few things done to them: some changed, put in, taken out, said twice. */
  broken(/** @type {Buffer} */ bytes, /** @type {readonly string[]} */ words) {
    let broken = bytes
    for (let i = 1 + this.below(6); i > 0; i--) broken = this.#break(broken, words)
    return broken
  }

  /**
   * @param {Buffer} bytes
   * @param {readonly string[]} words
   */
  #break(bytes, words) {
    const at = this.below(bytes.length + 1)
    const behind = Math.min(bytes.length, at + this.below(this.is(0.8) ? 8 : 400))
    const [head, piece, tail] = [bytes.subarray(0, at), bytes.subarray(at, behind), bytes.subarray(behind)]
    switch (this.below(6)) {
      case 0:
        return Buffer.concat([head, Buffer.from([this.below(256)]), bytes.subarray(at + 1)])
      case 1:
        return Buffer.concat([head, Buffer.from(this.of(words)), bytes.subarray(at)])
      case 2:
        return Buffer.concat([head, Buffer.from(this.of(words)), tail])
      case 3:
        return Buffer.concat([head, tail])
      case 4:
        return Buffer.concat([head, piece, piece, tail])
      default:
        return this.is(0.3) ? head : Buffer.concat([head, Buffer.from(this.list(3, () => this.below(256))), tail])
    }
  }

  /** Bytes as a socket might hand them over, in reads of their own memory. */
  reads(/** @type {Buffer} */ bytes) {
    const size = this.of([1, 2, 7, 50, 1000])
    /** @type {Buffer[]} */
    const reads = []
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + this.below(size))
      reads.push(Buffer.from(bytes.subarray(at, end)))
      at = end
    }
    return reads
  }
}

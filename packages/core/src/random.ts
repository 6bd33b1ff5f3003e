/**
 * Seeded randomness in 32-bit integer arithmetic, the same on every machine. Every item of a run
 * (arrival 17, prompt 4) has a generator of its own, found from its index without drawing the items
 * before it, so that any worker can make any item.
 *
 * The generator is sfc32 of Chris Doty-Humphrey's PractRand: three words of state and a counter.
 * Its step is reversible, so two items of a stream never share a state.
 */

const TWO_32 = 2 ** 32
const TWO_53 = 2 ** 53

/** PractRand mixes a seed with 12 to 15 steps; an index differs from the next in one bit, so take the most. */
const MIXING_STEPS = 15

class Sfc32 {
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(a: number, b: number, c: number, counter: number) {
    this.#a = a
    this.#b = b
    this.#c = c
    this.#counter = counter
    for (let i = 0; i < MIXING_STEPS; i++) this.next32()
  }

  /** A signed 32-bit integer. */
  next32(): number {
    const value = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + value) | 0
    return value
  }

  /** In [0, 1), with all 53 bits that a double can hold. */
  nextUniform(): number {
    const high = this.next32() >>> 5
    const low = this.next32() >>> 6
    return (high * 2 ** 26 + low) / TWO_53
  }
}

/** FNV-1a, 32 bits. */
function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

const highWord = (value: number): number => Math.floor(value / TWO_32) | 0

/** The draws of one item, each in [0, 1). */
export type Draws = () => number

/**
 * The generators of a stream's items, by index. `seed` and `index` are safe integers; `stream` names what
 * is drawn (`arrivals`, `prompts`), and streams are independent of each other.
 */
export function streamOf(seed: number, stream: string): (index: number) => Draws {
  const high = Math.imul(highWord(seed), 0x9e3779b1)
  const hash = hash32(stream)
  return (index) => {
    const generator = new Sfc32(index | 0, seed | 0, hash, high ^ highWord(index))
    return () => generator.nextUniform()
  }
}

/** The generator of one item: see `streamOf`. A pure function. */
export const generatorAt = (seed: number, stream: string, index: number): Draws => streamOf(seed, stream)(index)

/** One draw in [0, 1) for one item: the first of `generatorAt`. A pure function. */
export const uniformAt = (seed: number, stream: string, index: number): number => generatorAt(seed, stream, index)()

/** Steps of a logarithmic axis within a power of ten. */
const STEPS = [1, 2, 5]

/** A logarithmic axis from a step of 1, 2 or 5 times a power of ten to another, which holds all values. */
export class LogAxis {
  readonly ticks: readonly number[]
  readonly #from: number
  readonly #to: number
  readonly #low: number
  readonly #high: number

  /** @param values positive ones; others do not count @param from place of the low end in the picture @param to of the high end */
  constructor(values: readonly number[], from: number, to: number) {
    const positive = values.filter((value) => value > 0)
    const low = positive.length === 0 ? 1 : Math.min(...positive)
    const max = Math.max(...positive, low)
    const all = stepsAround(low, max)
    this.#low = all.findLast((step) => step <= low) ?? low
    this.#high = all.find((step) => step >= max && step > this.#low) ?? max
    this.ticks = all.filter((step) => step >= this.#low && step <= this.#high)
    this.#from = from
    this.#to = to
  }

  /** Place of a value; what is below the axis stands at its end. */
  at(value: number): number {
    const share =
      (Math.log(Math.max(value, this.#low)) - Math.log(this.#low)) / (Math.log(this.#high) - Math.log(this.#low))
    return this.#from + share * (this.#to - this.#from)
  }
}

/** Every step between the power of ten below `low` and the one above `high`. */
function stepsAround(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low))
  const last = Math.ceil(Math.log10(high)) + 1
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  return powers.flatMap((power) => STEPS.map((step) => Number(`${step}e${power}`)))
}

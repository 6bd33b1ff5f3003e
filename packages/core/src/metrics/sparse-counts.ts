const DIGIT_0 = 48
const DIGIT_9 = 57
const SPACE = 32
const TIMES = 120
const NONE = -1

/**
 * Writes counts by place, in ascending order, as text: for each the number of places without a count
 * before it and, where the count is not 1, `x` and the count. `1500 11x3 0` is one at place 1500, three at
 * 1512, one at 1513. As short as bytes in base64, and a person can read it.
 */
export class SparseText {
  readonly #parts: string[] = []
  #next = 0

  /** @param count 1 or more. */
  add(place: number, count: number): void {
    const empty = place - this.#next
    this.#parts.push(count === 1 ? `${empty}` : `${empty}x${count}`)
    this.#next = place + 1
  }

  toString(): string {
    return this.#parts.join(' ')
  }
}

/** Reads what was written as above, in one pass. Throws a RangeError at the first thing that cannot have been. */
export function readCounts(text: string, visit: (place: number, count: number) => void): void {
  if (text === '') return
  const spaced = `${text} `
  let next = 0
  let empty = NONE
  let number = NONE
  for (let i = 0; i < spaced.length; i++) {
    const char = spaced.charCodeAt(i)
    if (char >= DIGIT_0 && char <= DIGIT_9) {
      number = Math.max(number, 0) * 10 + (char - DIGIT_0)
      continue
    }
    if (!canEnd(number, char, empty)) throw new RangeError('counts that are not written as such')
    if (char === TIMES) {
      empty = number
    } else {
      if (empty === NONE) {
        empty = number
        number = 1
      }
      next += empty
      visit(next++, number)
      empty = NONE
    }
    number = NONE
  }
}

/** Whether a character may stand behind a number. */
const canEnd = (number: number, char: number, empty: number): boolean =>
  number !== NONE && (char === SPACE || (char === TIMES && empty === NONE))

import { charLength, isLowSurrogate } from './json-char.js'

const QUOTE = 0x22

/** A JSON string that was read: where what is in it lies, still escaped, and how many code points that is. */
export class JsonText {
  start = 0
  /** 0 = none was read. */
  end = 0
  chars = 0

  clear(): void {
    this.start = 0
    this.end = 0
    this.chars = 0
  }

  /** Reads the string that begins at `at`. Returns the index behind it, or -1 if none does, or it is not over before `end`. */
  read(bytes: Buffer, at: number, end: number): number {
    if (bytes[at] !== QUOTE) return -1
    let chars = 0
    for (let i = at + 1; i < end; ) {
      if (bytes[i] === QUOTE) {
        this.start = at + 1
        this.end = i
        this.chars = chars
        return i + 1
      }
      const length = charLength(bytes, i)
      if (length === 0) return -1
      if (!isLowSurrogate(bytes, i)) chars++
      i += length
    }
    return -1
  }
}

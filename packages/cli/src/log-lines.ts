import type { LogLines as FollowedLines } from '@llmload/master'

/** Nobody may ever follow. */
const MAX_WAITING = 1000

/** The lines of the log, for who comes to follow them while it is written. */
export class LogLines implements FollowedLines {
  #waiting: string[] = []
  #take = (line: string): void => {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(line)
  }

  add(line: string): void {
    this.#take(line)
  }

  follow(take: (line: string) => void): void {
    for (const line of this.#waiting) take(line)
    this.#waiting = []
    this.#take = take
  }
}

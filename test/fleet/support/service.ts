import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

/** A helper process of a test that is not llmload. It is killed when the test is over. */
export class Service {
  /** Exit code and all that it wrote. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>
  readonly #child: ChildProcess
  #output = ''

  constructor([command = '', ...args]: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data) => {
        this.#output += data
      })
    }
    this.ended = once(this.#child, 'close').then(([code]) => ({ code, output: this.#output }))
    onTestFinished(() => {
      this.#child.kill('SIGKILL')
    })
  }

  /** Resolves when the words are in its output; rejects when it ends without. */
  says(words: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => this.#output.includes(words) && resolve()
      this.#child.stdout?.on('data', look)
      void this.ended.then(({ code, output }) => reject(new Error(`ended with ${code} before '${words}': ${output}`)))
    })
  }
}

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { BIN } from './llmload.js'

const TERMINAL = fileURLToPath(new URL('terminal.py', import.meta.url))

/** Why there is no terminal to be had here; null = there is. */
export function whyNoTerminal(): string | null {
  return spawnSync('python3', ['-c', 'import pty']).status === 0 ? null : 'needs python3, which makes the terminal'
}

/** The built `llmload` on a terminal, with somebody at its keyboard. */
export class Terminal {
  /** Exit code. */
  readonly ended: Promise<number | null>
  readonly #python: ChildProcess
  #screen = ''

  /** @param within a command that runs it, such as a shell. */
  constructor(args: readonly string[], within: readonly string[] = []) {
    const command = [TERMINAL, ...within, process.execPath, BIN, ...args]
    this.#python = spawn('python3', command, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#python.stdout?.on('data', (shown) => (this.#screen += shown))
    this.ended = once(this.#python, 'close').then(([code]) => code)
    // It ends with its keyboard.
    onTestFinished(() => void this.#python.stdin?.end())
  }

  /** All that was shown. */
  get screen(): string {
    return this.#screen
  }

  /** To llmload itself. */
  signal(name: NodeJS.Signals): void {
    process.kill(Number(execFileSync('pgrep', ['-P', `${this.#python.pid}`])), name)
  }

  type(keys: string): void {
    this.#python.stdin?.write(keys)
  }

  /** Resolves with the match as soon as the screen has one; rejects when the command ends without. */
  shows(pattern: RegExp): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = this.#screen.match(pattern)
        if (!match) return
        this.#python.stdout?.off('data', look)
        resolve(match)
      }
      this.#python.stdout?.on('data', look)
      look()
      void this.ended.then((code) => reject(new Error(`ended with ${code} before ${pattern}:\n${this.#screen}`)))
    })
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunReport } from '@llmload/core'
import { onTestFinished } from 'vitest'

export const BIN = fileURLToPath(new URL('../../packages/cli/bin/llmload.js', import.meta.url))

export interface Ended {
  /** Exit code; null if a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The built `llmload`, running. It is killed when the test is over, should it still run. */
export class Llmload {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''

  /** @param within a command that runs it somewhere else, such as on another host. */
  constructor(args: readonly string[], env: Record<string, string> = {}, within: readonly string[] = []) {
    const { LLMLOAD_TOKEN: _, ...inherited } = process.env
    const [command = '', ...rest] = [...within, process.execPath, BIN, ...args]
    this.#child = spawn(command, rest, {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.on('data', (chunk) => (this.#stdout += chunk))
    this.#child.stderr?.on('data', (chunk) => (this.#stderr += chunk))
    this.ended = once(this.#child, 'close').then(([code]) => ({ code, stdout: this.#stdout, stderr: this.#stderr }))
    onTestFinished(() => {
      this.#child.kill('SIGKILL')
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves with the match as soon as the output has one; rejects when the process ends without. */
  says(pattern: RegExp): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = `${this.#stdout}\n${this.#stderr}`.match(pattern)
        if (!match) return
        for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.off('data', look)
        resolve(match)
      }
      for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', look)
      look()
      void this.ended.then(({ code, stderr }) =>
        reject(new Error(`ended with ${code} before saying ${pattern}:\n${stderr}`)),
      )
    })
  }
}

/** Runs `llmload` to its end. */
export const llmload = (...args: string[]): Promise<Ended> => new Llmload(args).ended

/** Runs `llmload … --json` to its end. */
export async function report(...args: string[]): Promise<Ended & { readonly report: RunReport }> {
  const ended = await llmload(...args, '--headless', '--json')
  if (!ended.stdout.startsWith('{')) throw new Error(`no report, exit code ${ended.code}:\n${ended.stderr}`)
  return { ...ended, report: JSON.parse(ended.stdout) as RunReport }
}

/** Starts `llmload sim` on a free port; returns its URL and process. */
export async function sim(...args: string[]): Promise<{ readonly url: string; readonly process: Llmload }> {
  const process = new Llmload(['sim', '--port', '0', ...args])
  const [url] = await process.says(/http:\/\/127\.0\.0\.1:\d+/)
  return { url, process }
}

/** An empty folder that goes away with the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'llmload-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

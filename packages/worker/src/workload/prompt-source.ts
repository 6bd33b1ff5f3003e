import { Worker } from 'node:worker_threads'
import { LoadError, messageOf } from '@llmload/core'
import type { MadePrompt, PromptOrder } from './prompt-maker.js'
import type { PromptReply, PromptRequest } from './prompt-messages.js'

/** A request that is ready to be sent. */
export interface PreparedPrompt {
  /** Position in the run's global order. */
  readonly index: number
  /** The request's JSON text in UTF-8. */
  readonly body: Buffer
  /** Length of the prompt as the server will count it; null where that is an estimate. */
  readonly promptTokens: number | null
}

export interface PromptSourceOptions extends PromptOrder {
  /** Told how many of the first prompts are ready. */
  readonly onProgress: (done: number, total: number) => void
  /** Told of downloads, a line at a time. */
  readonly onNote?: (line: string) => void
}

/**
 * Prompts that lie ready: two for each user, so that all can send at once and soon again; never so few
 * that a pause of the other thread would show, nor so many that making them takes long.
 */
const LOOK_AHEAD_PER_USER = 2
const MIN_LOOK_AHEAD = 32
const MAX_LOOK_AHEAD = 256
const MAX_LOOK_AHEAD_BYTES = 64 * 2 ** 20

/** The built file, also when this one is run from its source: Node 20 takes no TypeScript. */
export const THREAD_FILE = new URL('../../dist/workload/prompt-thread.js', import.meta.url)

interface Waiter<T> {
  resolve(value: T): void
  reject(error: Error): void
}

/**
 * The request bodies of one worker, in the order of their indices, made ahead of need by a thread of
 * their own. `take` is for the hot path: it never waits, and what it takes is replaced in the background.
 */
export class PromptSource {
  #opened = { description: '', countsTokens: false }
  #doubts: readonly string[] = []
  readonly #thread: Worker
  readonly #ready: PreparedPrompt[] = []
  readonly #takers: Waiter<PreparedPrompt>[] = []
  readonly #counts = new Map<number, Waiter<number>>()
  #nextCountId = 0
  /** How many shall lie ready. One, until its size is known. */
  #lookAhead = 1
  /** Asked of the thread and not here yet. */
  #ordered = 0
  #failure: Error | null = null

  #isFilled = false
  #settleFilling: Waiter<void> = { resolve: () => {}, reject: () => {} }

  private constructor(private readonly options: PromptSourceOptions) {
    const { plan, secrets, firstIndex, step } = options
    const order: PromptOrder = { plan, secrets, firstIndex, step }
    this.#thread = new Worker(THREAD_FILE, { workerData: order })
    this.#thread.on('message', (reply: PromptReply) => this.#hear(reply))
    this.#thread.on('error', (error) => this.#fail(threadFault(messageOf(error))))
    this.#thread.on('exit', (code) => this.#fail(threadFault(`it ended with exit code ${code}`)))
  }

  /** Resolves when the look-ahead is full. Throws LoadError where prompts cannot be made. */
  static async prepare(options: PromptSourceOptions): Promise<PromptSource> {
    const source = new PromptSource(options)
    try {
      await new Promise<void>((resolve, reject) => {
        source.#settleFilling = { resolve, reject }
      })
      return source
    } catch (error) {
      await source.close()
      throw error
    }
  }

  /** How lengths are counted, for logs and reports. */
  get description(): string {
    return this.#opened.description
  }

  /** Whether `countTokens` counts. */
  get countsTokens(): boolean {
    return this.#opened.countsTokens
  }

  /** Reasons to doubt the prompts, for people. */
  get warnings(): readonly string[] {
    return this.#doubts
  }

  /** The next prompt, or null if none lies ready: then `next` waits for it. */
  take(): PreparedPrompt | null {
    const prompt = this.#ready.shift() ?? null
    this.#order()
    return prompt
  }

  /** The next prompt, as soon as there is one. Rejects with a LoadError if the thread has failed. */
  next(): Promise<PreparedPrompt> {
    const prompt = this.take()
    if (prompt) return Promise.resolve(prompt)
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }))
  }

  /** Tokens of generated text, counted on the other thread; null where only a server could count them. */
  countTokens(text: string): Promise<number> | null {
    if (!this.countsTokens) return null
    if (this.#failure) return Promise.reject(this.#failure)
    const id = this.#nextCountId++
    this.#ask({ type: 'count', id, text })
    return new Promise((resolve, reject) => this.#counts.set(id, { resolve, reject }))
  }

  /** Ends the thread; who still waits for a prompt or a count gets an error. */
  async close(): Promise<void> {
    this.#fail(new Error('the prompt source is closed'))
    await this.#thread.terminate()
  }

  #hear(reply: PromptReply): void {
    switch (reply.type) {
      case 'note':
        return this.options.onNote?.(reply.line)
      case 'opened':
        this.#opened = reply
        return this.#order()
      case 'made':
        this.#doubts = reply.warnings
        return this.#store(reply.prompts)
      case 'counted':
        this.#counts.get(reply.id)?.resolve(reply.tokens)
        this.#counts.delete(reply.id)
        return
      case 'failed':
        return this.#fail(new LoadError(reply.code, reply.message, reply.hint))
    }
  }

  #store(prompts: readonly MadePrompt[]): void {
    this.#ordered -= prompts.length
    for (const { index, body, promptTokens } of prompts) {
      const prompt = { index, body: Buffer.from(body.buffer, body.byteOffset, body.byteLength), promptTokens }
      const taker = this.#takers.shift()
      if (taker) taker.resolve(prompt)
      else this.#ready.push(prompt)
      if (index === this.options.firstIndex) this.#lookAhead = this.#lookAheadFor(body.byteLength)
    }
    if (!this.#isFilled) {
      this.options.onProgress(this.#ready.length, this.#lookAhead)
      this.#isFilled = this.#ready.length >= this.#lookAhead
      if (this.#isFilled) this.#settleFilling.resolve()
    }
    this.#order()
  }

  #lookAheadFor(bodyBytes: number): number {
    const { plan, step } = this.options
    const share = (total: number) => Math.ceil(total / step)
    const wanted = Math.max(MIN_LOOK_AHEAD, LOOK_AHEAD_PER_USER * share(plan.load.users))
    const useful = share(plan.load.maxRequests ?? Number.POSITIVE_INFINITY)
    const affordable = Math.floor(MAX_LOOK_AHEAD_BYTES / bodyBytes)
    return Math.max(1, Math.min(wanted, MAX_LOOK_AHEAD, useful, affordable))
  }

  /** Orders what is missing, in few and large orders. */
  #order(): void {
    const missing = this.#lookAhead + this.#takers.length - this.#ready.length - this.#ordered
    if (missing <= 0 || missing * 2 < this.#lookAhead || this.#failure) return
    this.#ordered += missing
    this.#ask({ type: 'make', count: missing })
  }

  #ask(request: PromptRequest): void {
    this.#thread.postMessage(request)
  }

  #fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    this.#settleFilling.reject(error)
    for (const taker of this.#takers.splice(0)) taker.reject(error)
    for (const counter of this.#counts.values()) counter.reject(error)
    this.#counts.clear()
  }
}

const threadFault = (what: string): LoadError =>
  new LoadError(
    'INTERNAL',
    `the thread that makes prompts failed: ${what}`,
    'this is a fault of llmload: please report it',
  )

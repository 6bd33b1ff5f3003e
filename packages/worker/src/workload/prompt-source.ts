import { Worker } from 'node:worker_threads'
import { LoadError, mostUsers, type WorkerShare } from '@llmload/core'
import { promptFault } from './prompt-fault.js'
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
  /** What this worker is to have of the requests, as far as is known before the start. */
  readonly share: WorkerShare
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
 * The request bodies of one worker, made ahead of need by a thread of their own. What a request holds
 * follows from its index alone. `take` is for the hot path: it never waits, and what it takes is replaced
 * in the background.
 */
export class PromptSource {
  readonly #options: PromptSourceOptions
  readonly #thread: Worker
  #opened = { description: '', countsTokens: false }
  #doubts: readonly string[] = []
  /** Indices that will be needed, behind those that are expected. */
  #indices: Iterator<number>
  /** Indices that were asked of the thread, or lie ready, in order. */
  readonly #expected = new Set<number>()
  #lastTaken = -1
  readonly #ready = new Map<number, PreparedPrompt>()
  readonly #takers = new Map<number, Waiter<PreparedPrompt>>()
  readonly #counts = new Map<number, Waiter<number>>()
  #nextCountId = 0
  /** How many shall be expected. One, until its size is known. */
  #lookAhead = 1
  #isSizeKnown = false
  #failure: Error | null = null
  #isFilled = false
  #settleFilling: Waiter<void> = { resolve: () => {}, reject: () => {} }

  private constructor(options: PromptSourceOptions) {
    const { plan, secrets, share } = options
    this.#options = options
    this.#indices = indicesOf(share)
    const order: PromptOrder = { plan, secrets }
    this.#thread = new Worker(THREAD_FILE, { workerData: order })
    this.#thread.on('message', (reply: PromptReply) => this.#hear(reply))
    this.#thread.on('error', (error) => this.#fail(promptFault(error, THREAD_FAILED)))
    this.#thread.on('exit', (code) => this.#fail(promptFault(`it ended with exit code ${code}`, THREAD_FAILED)))
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

  /** From now on other requests are to come, in order. What lies ready of them is kept. */
  follow(indices: Iterator<number>): void {
    this.#indices = indices
    const before = new Set(this.#expected)
    this.#expected.clear()
    this.#expect((index) => before.has(index))
    for (const index of this.#ready.keys()) if (!this.#expected.has(index)) this.#ready.delete(index)
  }

  /** The prompt of a request, or null if it does not lie ready: then `next` waits for it. Indices go up. */
  take(index: number): PreparedPrompt | null {
    for (const passed of this.#expected) {
      if (passed > index) break
      if (passed < index) this.#ready.delete(passed)
      if (passed < index || this.#ready.has(index)) this.#expected.delete(passed)
    }
    this.#lastTaken = index
    const prompt = this.#ready.get(index) ?? null
    this.#ready.delete(index)
    this.#order()
    return prompt
  }

  /** The prompt of a request that `take` had not. Rejects with a LoadError if the thread has failed. */
  next(index: number): Promise<PreparedPrompt> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (!this.#expected.delete(index)) this.#ask({ type: 'make', indices: [index] })
    return new Promise((resolve, reject) => this.#takers.set(index, { resolve, reject }))
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
        return this.#options.onNote?.(reply.line)
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
    for (const { index, body, promptTokens } of prompts) {
      const prompt = { index, body: Buffer.from(body.buffer, body.byteOffset, body.byteLength), promptTokens }
      const taker = this.#takers.get(index)
      if (taker) taker.resolve(prompt)
      else if (this.#expected.has(index)) this.#ready.set(index, prompt)
      this.#takers.delete(index)
      if (!this.#isSizeKnown) this.#lookAhead = this.#lookAheadFor(body.byteLength)
      this.#isSizeKnown = true
    }
    if (!this.#isFilled) {
      this.#options.onProgress(this.#ready.size, this.#lookAhead)
      this.#isFilled = this.#ready.size >= this.#lookAhead
      if (this.#isFilled) this.#settleFilling.resolve()
    }
    this.#order()
  }

  #lookAheadFor(bodyBytes: number): number {
    const { plan, share } = this.#options
    const ownOf = (total: number) => Math.ceil(total / share.count)
    const wanted = Math.max(MIN_LOOK_AHEAD, LOOK_AHEAD_PER_USER * ownOf(mostUsers(plan.load)))
    const useful = ownOf(plan.load.maxRequests ?? Number.POSITIVE_INFINITY)
    const affordable = Math.floor(MAX_LOOK_AHEAD_BYTES / bodyBytes)
    return Math.max(1, Math.min(wanted, MAX_LOOK_AHEAD, useful, affordable))
  }

  /** Orders what is missing, in few and large orders. */
  #order(): void {
    const missing = this.#lookAhead - this.#expected.size
    if (missing > 0 && missing * 2 >= this.#lookAhead && !this.#failure) this.#expect(() => false)
  }

  /** Expects as many as shall be, and asks the thread for those that it has not been asked for. */
  #expect(wasAsked: (index: number) => boolean): void {
    const missing: number[] = []
    while (this.#expected.size < this.#lookAhead) {
      const { value: index, done } = this.#indices.next()
      if (done) break
      if (index <= this.#lastTaken) continue
      this.#expected.add(index)
      if (!wasAsked(index)) missing.push(index)
    }
    if (missing.length > 0 && !this.#failure) this.#ask({ type: 'make', indices: missing })
  }

  #ask(request: PromptRequest): void {
    this.#thread.postMessage(request)
  }

  #fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    this.#settleFilling.reject(error)
    for (const taker of this.#takers.values()) taker.reject(error)
    this.#takers.clear()
    for (const counter of this.#counts.values()) counter.reject(error)
    this.#counts.clear()
  }
}

const THREAD_FAILED = 'the thread that makes prompts failed'

function* indicesOf({ index, count }: WorkerShare): Generator<number> {
  for (let own = index; ; own += count) yield own
}

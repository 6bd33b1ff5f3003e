import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { type Clock, type HostClock, LoadError, messageOf } from '@llmload/core'
import type { Exchange } from './exchange.js'

/**
 * The ground truth: a file of JSON lines that says what the simulator really did and when. Times are
 * integer nanoseconds of the host's monotonic clock (`process.hrtime`, CLOCK_MONOTONIC), which all
 * processes of the host share, so they can be held against the stamps of a client.
 *
 * The first line is `{ anchor: { monotonic_ns, wall_ms } }`, one instant on both clocks. Then follows
 * a line for each request, when it has ended: `id` (null if it generated nothing), `peer` (address of
 * the client), `path`, `body_sha256` (tells contents apart; null if the body did not arrive in full),
 * `status`, `received_ns`, `start_ns` (when the engine began with it), `headers_ns`, `chunk_ns` and
 * `chunk_tokens` (for each write that completed tokens), `end_ns`, `ended` (finished, aborted by the
 * client, injected, closed with the simulator), `fault` (what was done to it on purpose),
 * `cached_tokens`, `prompt_tokens`, `sent_tokens`. What did not happen is null.
 */
export class TruthLog {
  readonly #file: WriteStream
  readonly #host: HostClock
  #failure: Error | null = null

  private constructor(file: WriteStream, clock: Clock, host: HostClock) {
    this.#file = file
    file.on('error', (error) => {
      this.#failure = error
    })
    this.#host = host
    const nowMs = clock.nowMs()
    this.#writeLine({ anchor: { monotonic_ns: this.#toNs(nowMs), wall_ms: clock.wallMs(nowMs) } })
  }

  /** Creates the file, or empties it; throws a `LoadError` if it cannot be written. */
  static async open(path: string, clock: Clock, host: HostClock): Promise<TruthLog> {
    const file = createWriteStream(path)
    try {
      await once(file, 'open')
    } catch (error) {
      throw unwritable(path, error)
    }
    return new TruthLog(file, clock, host)
  }

  write(exchange: Exchange): void {
    this.#writeLine({
      id: exchange.generation?.id ?? null,
      peer: exchange.peer,
      path: exchange.path,
      body_sha256: exchange.bodySha256,
      status: exchange.status,
      received_ns: this.#toNs(exchange.receivedMs),
      start_ns: this.#toNs(exchange.startMs),
      headers_ns: this.#toNs(exchange.headersMs),
      chunk_ns: exchange.chunkMs.map((ms) => this.#toNs(ms)),
      chunk_tokens: exchange.chunkTokens,
      end_ns: this.#toNs(exchange.endMs),
      ended: exchange.ending,
      fault: exchange.generation?.fault?.kind ?? null,
      cached_tokens: exchange.generation?.cachedTokens ?? null,
      prompt_tokens: exchange.generation?.request.promptTokens ?? null,
      sent_tokens: exchange.sentTokens,
    })
  }

  /** Resolves when all lines are in the file; throws a `LoadError` if any could not be written. */
  async close(): Promise<void> {
    if (!this.#file.closed) {
      this.#file.end()
      await new Promise<void>((resolve) => this.#file.once('close', () => resolve()))
    }
    if (this.#failure) throw unwritable(String(this.#file.path), this.#failure)
  }

  #writeLine(line: object): void {
    if (this.#failure === null) this.#file.write(`${JSON.stringify(line)}\n`)
  }

  #toNs(ms: number): number | null {
    return Number.isNaN(ms) ? null : this.#host.toNs(ms)
  }
}

function unwritable(path: string, cause: unknown): LoadError {
  const hint = 'give --truth-log a file in a folder that exists, can be written and has room'
  return new LoadError('OUTPUT_FILE', `cannot write the truth log ${path}: ${messageOf(cause)}`, hint, { cause })
}

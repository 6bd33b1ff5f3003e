import { createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { constants, createGzip, type Gzip } from 'node:zlib'

/** After a `kill -9` a compressed file can be read up to the last flush. */
const FLUSH_EVERY_MS = 1000

/** Text that may wait for a slow disk, unless the caller says otherwise. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

/**
 * A file of lines that grows while a run goes on, begun anew; compressed if its name ends in `.gz`.
 * What is written to it is in the hands of the system at once, or compressed within a second.
 */
export class LineFile {
  readonly #file: WriteStream
  readonly #gzip: Gzip | null
  readonly #timer: NodeJS.Timeout | null
  readonly #ended: Promise<void>
  readonly #maxWaitingBytes: number
  #failed = false

  /** @param onError told once, should the file become unwritable while it is open. */
  constructor(path: string, onError: (error: unknown) => void, maxWaitingBytes = MAX_WAITING_BYTES) {
    this.#maxWaitingBytes = maxWaitingBytes
    this.#file = createWriteStream(path)
    this.#ended = finished(this.#file)
    this.#ended.catch((error: unknown) => {
      this.#failed = true
      onError(error)
    })
    this.#gzip = path.endsWith('.gz') ? createGzip() : null
    this.#gzip?.pipe(this.#file)
    this.#timer = this.#gzip && setInterval(() => this.#gzip?.flush(constants.Z_SYNC_FLUSH), FLUSH_EVERY_MS)
  }

  /** Whether the lines will be written: not where the disk is full or too slow. */
  write(lines: string): boolean {
    if (this.#failed || this.#waitingBytes > this.#maxWaitingBytes) return false
    const sink = this.#gzip ?? this.#file
    sink.write(lines)
    return true
  }

  /** Resolves when all is written; rejects if something could not be. */
  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    const sink = this.#gzip ?? this.#file
    sink.end()
    await this.#ended
  }

  get #waitingBytes(): number {
    return this.#file.writableLength + (this.#gzip?.writableLength ?? 0)
  }
}

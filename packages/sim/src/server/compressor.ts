import type { Transform } from 'node:stream'
import type { Zlib } from 'node:zlib'

/** Compresses a body write by write: what goes in can be read at once on the other side. */
export class Compressor {
  readonly #stream: Transform & Zlib
  #encoded: Buffer[] = []

  constructor(stream: Transform & Zlib) {
    this.#stream = stream
    stream.on('data', (bytes: Buffer) => this.#encoded.push(bytes))
  }

  /** `then` gets the compressed bytes, a moment later; in the order of the calls. */
  write(bytes: Buffer, then: (encoded: Buffer) => void): void {
    this.#stream.write(bytes)
    this.#stream.flush(() => then(this.#take()))
  }

  /** The last write. */
  end(bytes: Buffer, then: (encoded: Buffer) => void): void {
    this.#stream.once('end', () => then(this.#take()))
    this.#stream.end(bytes)
  }

  #take(): Buffer {
    const encoded = Buffer.concat(this.#encoded)
    this.#encoded = []
    return encoded
  }
}

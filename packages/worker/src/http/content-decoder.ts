import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Failure } from '@llmload/core'

/** Where decoded bytes go, each with the time at which the bytes that they came from were read. */
export interface DecodedSink {
  data(chunk: Buffer, atMs: number): void
  end(atMs: number): void
  error(failure: Failure): void
}

/**
 * Undoes a compression that we did not ask for: we ask for `identity`, because a compressor holds
 * events back, but some servers and proxies do not care.
 */
export class ContentDecoder {
  readonly #stream: Transform
  /** When the writes were read that are not decoded yet; the first is the one being decoded. */
  readonly #pendingMs: number[] = []
  #endMs = Number.NaN

  constructor(encoding: string, stream: Transform, sink: DecodedSink) {
    this.#stream = stream
    stream.on('data', (chunk: Buffer) => sink.data(chunk, this.#pendingMs[0] ?? this.#endMs))
    stream.on('end', () => sink.end(this.#endMs))
    stream.on('error', () =>
      sink.error({ class: 'parse', message: `answer is not the ${encoding} that it says it is` }),
    )
  }

  write(chunk: Buffer, atMs: number): void {
    this.#pendingMs.push(atMs)
    this.#stream.write(chunk, () => this.#pendingMs.shift())
  }

  end(atMs: number): void {
    this.#endMs = atMs
    this.#stream.end()
  }

  destroy(): void {
    this.#stream.destroy()
  }
}

/** The decoder of a content encoding, in small letters; null, after an error, if there is none. */
export function decoderOf(encoding: string, sink: DecodedSink): ContentDecoder | null {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return new ContentDecoder(encoding, createGunzip(), sink)
    case 'deflate':
      return new ContentDecoder(encoding, createInflate(), sink)
    case 'br':
      return new ContentDecoder(encoding, createBrotliDecompress(), sink)
    default:
      sink.error({ class: 'parse', message: `answer is compressed by ${encoding}, though identity was asked for` })
      return null
  }
}

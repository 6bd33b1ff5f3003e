import type { ServerResponse } from 'node:http'
import type { Transform } from 'node:stream'
import type { Zlib } from 'node:zlib'
import type { GenerationRequest } from '../api/generation-request.js'
import type { Fault } from '../engine/faults.js'
import type { Exchange } from '../server/exchange.js'

/** One event of a stream, before it is framed. `raw` stands on the wire as it is. */
export interface StreamEvent {
  readonly kind: 'opening' | 'chunk' | 'usage' | 'done' | 'raw'
  readonly text: string
}

/** Rewrites the events of one step; the last step has usage and `[DONE]` too. */
export type Rewrite = (events: readonly StreamEvent[], firstStep: boolean) => StreamEvent[]

/** Something odd that servers in the field send. All but `rule` and `sends` are the places where it can set in. */
export interface Quirk {
  /** Number of the rule for clients that it tests, in docs/simulator.md. */
  readonly rule: number
  /** What is sent, in a few words. */
  readonly sends: string
  /** Answers instead of the model. */
  readonly answer?: (exchange: Exchange) => void
  /** Taken as asked for, whatever was asked. */
  readonly request?: Partial<GenerationRequest>
  /** Strikes every generation. */
  readonly fault?: Fault
  /** The error that a fault puts into the stream, as it stands on the wire. */
  readonly errorEvents?: string
  /** Milliseconds between comments. */
  readonly pingMs?: number
  /** Acts before the headers of an answer go. */
  readonly open?: (response: ServerResponse) => void
  readonly contentType?: string
  /** Headers go with the first event. */
  readonly lateHeaders?: boolean
  /** Blank lines go at once before a body that is not streamed. */
  readonly blankLines?: boolean
  readonly rewrite?: Rewrite
  /** Rewrites a framed event, `data: …` and two line feeds. */
  readonly frame?: (event: string, first: boolean) => string
  /** Writes that are gathered into one. */
  readonly hold?: number
  /** Cuts a write into several. */
  readonly cut?: (bytes: Buffer) => Buffer[]
  /** Between those, instead of a millisecond. */
  readonly cutGapMs?: number
  readonly encoding?: { readonly name: string; readonly stream: () => Transform & Zlib }
  /** After the last byte: the connection is closed without the last chunk of HTTP, or left open. */
  readonly ending?: 'close' | 'hold'
}

import {
  MAX_FRAME_CAPTURE_BYTES,
  MAX_FRAME_READS,
  type RequestPhase,
  type ResponseFrames,
  type ResponseTap,
  sinceMs,
  type Timeline,
} from '@llmload/core'

/** Of all responses of a worker that are under way at most so many bytes are held. */
const MAX_HELD_BYTES = 64 * 1024 * 1024

interface Read {
  readonly atMs: number
  readonly bytes: number
  /** Null where there was no room for it. */
  readonly content: Buffer | null
}

/** The memory that taps share. */
class Room {
  #heldBytes = 0

  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > MAX_HELD_BYTES) return false
    this.#heldBytes += bytes
    return true
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes
  }
}

/** Keeps the reads of one response, as far as there is room. */
class FrameTap implements ResponseTap {
  readonly reads: Read[] = []
  cut = false
  heldBytes = 0
  readonly #room: Room

  constructor(room: Room) {
    this.#room = room
  }

  data(bytes: Buffer, nowMs: number, start: number, end: number): void {
    const size = end - start
    if (this.reads.length >= MAX_FRAME_READS) {
      this.cut = true
      return
    }
    const isKept = this.heldBytes + size <= MAX_FRAME_CAPTURE_BYTES && this.#room.take(size)
    if (isKept) this.heldBytes += size
    else this.cut = true
    this.reads.push({ atMs: nowMs, bytes: size, content: isKept ? Buffer.from(bytes.subarray(start, end)) : null })
  }

  release(): void {
    this.#room.give(this.heldBytes)
  }
}

interface Kept {
  readonly timeline: Timeline
  readonly phase: RequestPhase
  readonly tap: FrameTap
  readonly latencyMs: number
}

/** Keeps the frames of the slowest responses of a worker, and of its first failed ones, `limit` of each. */
export class FrameRecorder {
  readonly #limit: number
  readonly #startMs: number
  readonly #room = new Room()
  /** Slowest first. */
  readonly #slowest: Kept[] = []
  #failed: Kept[] = []
  #failures = 0

  constructor(limit: number, startMs: number) {
    this.#limit = limit
    this.#startMs = startMs
  }

  /** A request is about to be sent. */
  sending(timeline: Timeline): void {
    timeline.tap = new FrameTap(this.#room)
  }

  /** It is over. */
  finished(timeline: Timeline, phase: RequestPhase): void {
    const { tap } = timeline
    if (!(tap instanceof FrameTap)) return
    timeline.tap = null
    const kept = { timeline, phase, tap, latencyMs: timeline.endMs - timeline.sentMs }
    if (timeline.censored) tap.release()
    else if (timeline.failure === null) this.#keepIfSlow(kept)
    else if (this.#failures++ < this.#limit) this.#failed.push(kept)
    else tap.release()
  }

  /** Failed responses since the last time. */
  takeFailed(): ResponseFrames[] {
    return this.#give('failed', this.#failed.splice(0))
  }

  /** The slowest responses of all, when the run is over. */
  takeSlowest(): ResponseFrames[] {
    return this.#give('slowest', this.#slowest.splice(0))
  }

  #keepIfSlow(kept: Kept): void {
    const at = this.#slowest.findIndex(({ latencyMs }) => latencyMs < kept.latencyMs)
    this.#slowest.splice(at < 0 ? this.#slowest.length : at, 0, kept)
    if (this.#slowest.length > this.#limit) this.#slowest.pop()?.tap.release()
  }

  #give(why: ResponseFrames['why'], kept: readonly Kept[]): ResponseFrames[] {
    for (const { tap } of kept) tap.release()
    return kept.map(({ timeline, phase, tap, latencyMs }) => ({
      index: timeline.index,
      phase,
      why,
      status: timeline.status,
      latencyMs: Math.round(latencyMs * 1000) / 1000,
      failure: timeline.failure?.class ?? null,
      failureMessage: timeline.failure?.message.slice(0, 4096) ?? null,
      cut: tap.cut,
      reads: tap.reads.map((read) => this.#readOf(read)),
    }))
  }

  #readOf({ atMs, bytes, content }: Read): ResponseFrames['reads'][number] {
    const read = { atMs: sinceMs(atMs, this.#startMs) ?? 0, bytes }
    if (content === null) return read
    const text = content.toString()
    return Buffer.from(text).equals(content) ? { ...read, text } : { ...read, base64: content.toString('base64') }
  }
}

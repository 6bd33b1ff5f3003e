import type { Clock } from '@llmload/core'
import type { RawData, WebSocket } from 'ws'
import { Allowance } from './allowance.js'

/** A worker says a few things a second; the burst is what has queued up while the master itself was stopped. */
const FRAMES = { perSecond: 200, burst: 5000 }

/** A request log of 20,000 requests a second is 8 MiB. */
const BYTES = { perSecond: 16 * 1024 * 1024, burst: 64 * 1024 * 1024 }

/** Who has not said who he is gets nothing large looked at. */
const MAX_HELLO_BYTES = 16 * 1024

const POLICY_VIOLATION = 1008

/** For the reason to arrive, before the connection is cut. */
const LAST_WORDS_MS = 1000

/**
 * Bounds what one connection can make the master do. Too many frames are nothing that a worker
 * sends and end it, as an error of the socket. Many bytes may be a request log that catches up:
 * the connection is read more slowly, and its sender has to wait.
 */
export function limitFrames(socket: WebSocket, clock: Clock): void {
  const frames = new Allowance(FRAMES, clock)
  const bytes = new Allowance(BYTES, clock)
  let isFirst = true
  const count = (data: RawData): void => {
    if (socket.readyState !== socket.OPEN) return
    if (frames.take(1) > 0) return cutOff(socket, `more than ${FRAMES.perSecond} messages a second`)
    const length = lengthOf(data)
    if (isFirst && length > MAX_HELLO_BYTES) return cutOff(socket, `a hello of ${length} bytes`)
    isFirst = false
    const pauseMs = bytes.take(length)
    if (pauseMs > 0 && !socket.isPaused) rest(socket, pauseMs)
  }
  socket.on('message', count)
  socket.on('ping', count)
  socket.on('pong', count)
}

function cutOff(socket: WebSocket, why: string): void {
  socket.emit('error', new RangeError(why))
  socket.close(POLICY_VIOLATION, why)
  socket.pause()
  setTimeout(() => socket.terminate(), LAST_WORDS_MS)
}

function rest(socket: WebSocket, pauseMs: number): void {
  socket.pause()
  setTimeout(() => {
    if (socket.readyState === socket.OPEN) socket.resume()
  }, pauseMs)
}

const lengthOf = (data: RawData): number =>
  Array.isArray(data) ? data.reduce((sum, { length }) => sum + length, 0) : data.byteLength

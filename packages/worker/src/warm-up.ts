import { createServer, type Server, type Socket } from 'node:net'
import { type Clock, type Plan, Timeline } from '@llmload/core'
import type { HttpClient } from './http/client.js'
import { httpClient } from './http/http-client.js'
import { Recorder } from './recording/recorder.js'

/** So many that most of the code is compiled; they take a tenth of a second. */
const ROUNDS = 10
const STREAMS_AT_ONCE = 10
const CHUNKS = 20

const EVENT =
  'data: {"id":"cmpl-0","object":"text_completion","created":0,"model":"warm-up","choices":[{"index":0,"text":" word","logprobs":null,"finish_reason":null}],"usage":null}\n\n'
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
const END = 'e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n'

/**
 * Sends requests to a socket of this process, reads and records their answers and throws all that away,
 * so that the first request to the target does not pay for the compilation of everything it goes
 * through: that were milliseconds, and tens of them in the first second. Nothing goes to the target. Where
 * there is no loopback, nothing is warmed up.
 */
export async function warmUp(plan: Plan, clock: Clock): Promise<void> {
  const server = createServer(answer)
  try {
    const baseUrl = `http://127.0.0.1:${await listen(server)}`
    const target = { ...plan.target, baseUrl, stream: true }
    const client = httpClient({
      plan: { ...plan, target },
      secrets: { apiKey: null, headers: [] },
      clock,
      keepText: true,
    })
    const recorder = new Recorder({
      clock,
      stream: true,
      path: '/',
      measuredFromMs: 0,
      stagesFromMs: [],
      warn: () => {},
    })
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(Array.from({ length: STREAMS_AT_ONCE }, () => request(client, recorder)))
      JSON.stringify(recorder.measured.takeData())
    }
    await client.close()
  } catch {
    // The run does not need it.
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

function request(client: HttpClient, recorder: Recorder): Promise<void> {
  return new Promise((resolve) => {
    const timeline = new Timeline(0, null)
    client.send({ body: Buffer.alloc(4096, ' ') }, timeline, () => {
      recorder.finished(timeline, null)
      resolve()
    })
    recorder.sent(timeline)
  })
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}

/** Each chunk is written by itself, and read by itself mostly. */
function answer(socket: Socket): void {
  socket.setNoDelay()
  socket.on('error', () => {})
  socket.on('data', (data) => {
    if (!data.includes('POST ')) return
    socket.write(HEAD)
    for (let i = 0; i < CHUNKS; i++) socket.write(`${EVENT.length.toString(16)}\r\n${EVENT}\r\n`)
    socket.write(END)
  })
}

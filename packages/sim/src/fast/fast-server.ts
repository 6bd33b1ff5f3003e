import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, HostClock, messageOf } from '@llmload/core'
import { usageFields } from '../api/answer-json.js'
import { chatDialect } from '../api/chat-dialect.js'
import { completionDialect } from '../api/completion-dialect.js'
import { ApiError, badRequest, serverError } from '../api/errors.js'
import { type ApiKind, type GenerationRequest, readGenerationRequest } from '../api/generation-request.js'
import { modelList } from '../api/model-list.js'
import { tokenize } from '../api/tokenize.js'
import type { Task } from '../engine/due-heap.js'
import { type Answer, planAnswers } from '../engine/generation.js'
import { Scheduler } from '../engine/scheduler.js'
import type { SimOptions } from '../options.js'
import { AnswerText } from '../text/answer-text.js'
import { ChunkWriter, STREAM_HEADERS } from './chunk-writer.js'
import { type FastRequest, RequestReader } from './request-reader.js'

const ROUTES: Readonly<Record<string, ApiKind>> = { '/v1/completions': 'completions', '/v1/chat/completions': 'chat' }

/**
 * Answers requests on connections that it is given. Streams of one answer at constant pace are all
 * that it can do; for that a chunk costs it a fraction of what the full simulator takes.
 */
export class FastServer {
  readonly scheduler: Scheduler
  /** Streams begun. */
  streams = 0
  /** Chunks with a token that were sent. */
  chunks = 0
  readonly #options: SimOptions
  readonly #clock: Clock
  readonly #host: HostClock
  readonly #text: AnswerText
  readonly #models: string
  readonly #sockets = new Set<Socket>()

  constructor(options: SimOptions, clock: Clock) {
    this.scheduler = new Scheduler(clock)
    this.#options = options
    this.#clock = clock
    this.#host = new HostClock(clock)
    this.#text = new AnswerText(options.seed)
    this.#models = JSON.stringify(modelList(options, Math.floor(clock.wallMs(clock.nowMs()) / 1000)))
  }

  accept(socket: Socket): void {
    const reader = new RequestReader()
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (bytes: Buffer) => {
      const receivedMs = this.#clock.nowMs()
      const requests = reader.push(bytes)
      if (requests === null) socket.destroy()
      else for (const request of requests) this.#answer(socket, request, receivedMs)
    })
  }

  close(): void {
    this.scheduler.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #answer(socket: Socket, { method, path, body }: FastRequest, receivedMs: number): void {
    const kind = ROUTES[path]
    try {
      if (method === 'GET' && path === '/v1/models') respond(socket, 200, this.#models)
      else if (method === 'GET' && path === '/health') respond(socket, 200, '')
      else if (method === 'POST' && path === '/tokenize')
        respond(socket, 200, JSON.stringify(tokenize(parseJson(body), this.#options)))
      else if (method !== 'POST' || kind === undefined) respond(socket, 404, '{"detail":"Not Found"}')
      else this.#stream(socket, kind, parseJson(body), receivedMs)
    } catch (error) {
      const refusal = error instanceof ApiError ? error : serverError(messageOf(error))
      respond(socket, refusal.status, JSON.stringify(refusal.body))
    }
  }

  #stream(socket: Socket, kind: ApiKind, body: unknown, receivedMs: number): void {
    const options = this.#options
    const request = readGenerationRequest(kind, body, options)
    checkFast(request)
    const index = this.streams++
    const [answer] = planAnswers({ ...request, ignoreEos: true }, index, this.#text, options)
    if (answer === undefined) return
    const dialect = kind === 'chat' ? chatDialect : completionDialect
    const generation = {
      id: `${dialect.idPrefix}${process.pid}-${index}`,
      created: Math.floor(this.#clock.wallMs(receivedMs) / 1000),
      model: options.model,
    }
    const usage = request.includeUsage ? usageFields(request.promptTokens, answer.tokens) : null
    const writer = new ChunkWriter(dialect, generation, usage, { host: this.#host, stamped: options.stampChunks })
    socket.write(STREAM_HEADERS, 'latin1')
    const firstMs = options.ttftMs + (request.promptTokens * options.prefillUsPerToken) / 1000
    this.scheduler.add(this.#task(socket, writer, answer, receivedMs + firstMs))
  }

  /** One object per stream, which is due again and again. */
  #task(socket: Socket, writer: ChunkWriter, { start, tokens }: Answer, firstDueMs: number): Task {
    let sent = 0
    const task = {
      dueMs: firstDueMs,
      run: () => {
        if (socket.destroyed) return
        const isLast = sent === tokens - 1
        const token = this.#text.at(start + sent)
        socket.write(writer.write(token, this.#clock.nowMs(), sent === 0, isLast), 'latin1')
        this.chunks++
        sent++
        if (isLast) return
        task.dueMs = firstDueMs + sent * this.#options.itlMs
        this.scheduler.add(task)
      },
    }
    return task
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch (error) {
    throw badRequest(`JSON decode error: ${messageOf(error)}`)
  }
}

/** What the full simulator can do, and this cannot. */
function checkFast(request: GenerationRequest): void {
  const { stream, n, prompts, logprobs, returnTokenIds, continuousUsage } = request
  const refused = {
    'answers that are not streamed': !stream,
    'several answers': n * prompts.length > 1,
    logprobs: logprobs !== null,
    return_token_ids: returnTokenIds,
    continuous_usage_stats: continuousUsage,
  }
  const [feature] = Object.entries(refused).find(([, isAsked]) => isAsked) ?? []
  if (feature) throw badRequest(`llmload sim --fast does not do ${feature}; start it without --fast.`)
}

function respond(socket: Socket, status: number, json: string): void {
  const length = Buffer.byteLength(json)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json\r\ncontent-length: ${length}`
  socket.write(`${head}\r\n\r\n${json}`)
}

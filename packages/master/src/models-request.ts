import { type Clock, LoadError, messageOf, type Secrets } from '@llmload/core'
import { Agent, type Dispatcher, request } from 'undici'

/** A server that needs longer for a list of its models is not ready to be measured. */
const LIMIT_MS = 10_000

/** Lists of models are a few KiB; the biggest public ones a few hundred. */
const MAX_BODY_BYTES = 8 * 1024 * 1024

export interface Answer {
  readonly status: number
  readonly body: string
  readonly bodyBytes: number
  /** Where a redirect points to. */
  readonly location: string | null
  /** From sending to the last byte, connecting included. */
  readonly durationMs: number
}

export interface ModelsRequest {
  readonly url: string
  readonly secrets: Secrets
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** One GET with the headers of the run. Throws TARGET_UNREACHABLE with the reason in words. */
export async function getModels({ url, secrets, clock, signal }: ModelsRequest): Promise<Answer> {
  const agent = new Agent({ connectTimeout: LIMIT_MS, headersTimeout: LIMIT_MS, bodyTimeout: LIMIT_MS })
  const limit = AbortSignal.timeout(LIMIT_MS)
  const sentMs = clock.nowMs()
  try {
    const response = await request(url, {
      dispatcher: agent,
      headers: headersOf(secrets),
      signal: AbortSignal.any([signal, limit]),
    })
    const body = await readBody(response.body)
    const { location } = response.headers
    return {
      status: response.statusCode,
      body: body.toString(),
      bodyBytes: body.length,
      location: typeof location === 'string' ? location : null,
      durationMs: clock.nowMs() - sentMs,
    }
  } catch (error) {
    signal.throwIfAborted()
    const reason = limit.aborted ? `no answer within ${LIMIT_MS / 1000} s` : inWords(error)
    throw new LoadError('TARGET_UNREACHABLE', `${url}: ${reason}`, 'check --host, and that the server is up', {
      cause: error,
    })
  } finally {
    await agent.destroy()
  }
}

/** As a list of names and values, so that a header may be given twice. */
function headersOf({ apiKey, headers }: Secrets): string[] {
  const own = ['accept', 'application/json', 'accept-encoding', 'identity']
  if (apiKey !== null) own.push('authorization', `Bearer ${apiKey}`)
  return [...own, ...headers.flat()]
}

async function readBody(stream: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`)
  }
  return Buffer.concat(chunks)
}

/** Codes of Node, OpenSSL and undici, and what they mean to someone who looks for the fault. */
const WORDS: readonly (readonly [code: RegExp, words: string])[] = [
  [/^ECONNREFUSED$/, 'connection refused: nothing listens there'],
  [/^(ENOTFOUND|EAI_)/, 'the name of the host cannot be resolved (DNS)'],
  [/^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/, `no answer within ${LIMIT_MS / 1000} s`],
  [/^(EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/, 'there is no route to that host'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'the server closed the connection without an answer'],
  [/^(HPE_|HTTPParserError)/, 'what answers there does not speak HTTP; is it https?'],
  [/^(EPROTO|ERR_SSL_)/, 'TLS: what answers there does not speak it; is it http?'],
  [/^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_)/, 'TLS: its certificate is not trusted'],
]

function inWords(error: unknown): string {
  const code = codeOf(error)
  const [, words] = WORDS.find(([pattern]) => pattern.test(code)) ?? [null, 'the request failed']
  return `${words} (${[code, messageOf(error)].filter(Boolean).join(': ')})`
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  // undici gives it a code only where its parser has one.
  if (error.name === 'HTTPParserError') return error.name
  return error.cause === undefined ? '' : codeOf(error.cause)
}

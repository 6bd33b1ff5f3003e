import { createHash } from 'node:crypto'
import { messageOf } from '@llmload/core'
import { ApiError, serverError, validationError } from '../api/errors.js'
import type { Exchange } from './exchange.js'
import type { Routes } from './routes.js'

/** Larger bodies are refused: a prompt of a million tokens has some 4 MB. */
const MAX_BODY_BYTES = 64 * 2 ** 20

/** Paths that ask for the API key, as at vLLM; /health, /tokenize and the like are open. */
const GUARDED_PREFIX = '/v1'

export interface FrontDoorDeps {
  readonly routes: Routes
  readonly apiKey: string | null
  /** Whether exchanges shall know the digest of their request. */
  readonly digestBodies: boolean
}

/** Lets a request in: checks its key, reads its body and hands it to its route. Never throws. */
export async function admit(exchange: Exchange, deps: FrontDoorDeps): Promise<void> {
  try {
    await dispatch(exchange, deps)
  } catch (error) {
    const hasLeft = exchange.ending !== null || exchange.request.errored !== null
    if (hasLeft) return
    const refusal = error instanceof ApiError ? error : serverError(messageOf(error))
    exchange.sendJson(refusal.status, JSON.stringify(refusal.body), { headers: refusal.headers })
  }
}

async function dispatch(exchange: Exchange, { routes, apiKey, digestBodies }: FrontDoorDeps): Promise<void> {
  const { path, request } = exchange
  if (apiKey !== null && path.startsWith(GUARDED_PREFIX) && !bearsKey(request.headers.authorization, apiKey)) {
    exchange.sendJson(401, '{"error":"Unauthorized"}')
    return
  }
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  if (route === undefined) {
    exchange.sendJson(404, '{"detail":"Not Found"}')
    return
  }
  if (request.method === 'GET' && route.GET) {
    route.GET(exchange, null)
    return
  }
  if (request.method === 'POST' && route.POST) {
    const body = await readBody(exchange)
    if (digestBodies) exchange.bodySha256 = createHash('sha256').update(body).digest('hex')
    route.POST(exchange, parseJson(request.headers['content-type'], body))
    return
  }
  exchange.sendJson(405, '{"detail":"Method Not Allowed"}', { headers: { allow: Object.keys(route).join(', ') } })
}

function bearsKey(authorization: string | undefined, apiKey: string): boolean {
  const [scheme, key] = authorization?.split(' ', 2) ?? []
  return scheme?.toLowerCase() === 'bearer' && key === apiKey
}

function readBody(exchange: Exchange): Promise<string> {
  const { request } = exchange
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let bytes = 0
    request.on('data', (part: Buffer) => {
      exchange.noteReceived()
      bytes += part.length
      if (bytes <= MAX_BODY_BYTES) parts.push(part)
      else reject(tooLarge())
    })
    request.on('end', () => resolve(Buffer.concat(parts).toString()))
    request.on('error', reject)
  })
}

const tooLarge = () => {
  const message = `The request body is larger than ${MAX_BODY_BYTES} bytes.`
  return new ApiError(413, 'Request Entity Too Large', message, null, { connection: 'close' })
}

function parseJson(contentType: string | undefined, body: string): unknown {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') {
    const message = "Unsupported Media Type: Only 'application/json' is allowed"
    throw validationError([{ type: 'value_error', field: null, message, input: contentType }])
  }
  try {
    return JSON.parse(body)
  } catch (error) {
    const message = `JSON decode error: ${messageOf(error)}`
    throw validationError([{ type: 'json_invalid', field: null, message, input: body }])
  }
}

import type { ModelLimits } from '../api/generation-request.js'
import { modelList } from '../api/model-list.js'
import { detokenize, tokenize } from '../api/tokenize.js'
import type { Exchange } from './exchange.js'
import type { Generator } from './generator.js'

export interface RouteDeps {
  readonly generator: Generator
  readonly limits: ModelLimits
  readonly version: string
  /** Unix seconds at which the simulator started. */
  readonly startedS: number
  /** The page of GET /metrics. */
  readonly metrics: () => string
}

/** Answers an exchange now or later; throws an `ApiError` to refuse it. */
type Handler = (exchange: Exchange, body: unknown) => void

export type Routes = Readonly<Record<string, { readonly GET?: Handler; readonly POST?: Handler }>>

/** What the simulator serves, by path and method. */
export function routes({ generator, limits, version, startedS, metrics }: RouteDeps): Routes {
  const models = JSON.stringify(modelList(limits, startedS))
  return {
    '/health': { GET: (exchange) => exchange.sendJson(200, '') },
    '/version': { GET: (exchange) => exchange.sendJson(200, JSON.stringify({ version })) },
    '/metrics': {
      GET: (exchange) => {
        const headers = { 'content-type': 'text/plain; version=1.0.0; charset=utf-8' }
        exchange.sendJson(200, metrics(), { headers })
      },
    },
    '/v1/models': { GET: (exchange) => exchange.sendJson(200, models) },
    '/v1/completions': { POST: (exchange, body) => generator.generate('completions', exchange, body) },
    '/v1/chat/completions': { POST: (exchange, body) => generator.generate('chat', exchange, body) },
    '/tokenize': { POST: (exchange, body) => exchange.sendJson(200, JSON.stringify(tokenize(body, limits))) },
    '/detokenize': { POST: (exchange, body) => exchange.sendJson(200, JSON.stringify(detokenize(body, limits))) },
  }
}

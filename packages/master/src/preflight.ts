import { type Clock, LoadError, type Log, type Secrets, type TargetConfig } from '@llmload/core'
import { type Answer, getModels } from './models-request.js'

/** Where OpenAI-compatible servers list their models; also the name of its row in the tables. */
export const MODELS_PATH = '/v1/models'

/** Answers of servers that have no list of models. */
const NOT_THERE = [404, 405, 501]

export interface PreflightOptions {
  readonly target: TargetConfig
  readonly baseUrl: string
  readonly secrets: Secrets
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

export interface Preflight {
  readonly model: string
  readonly durationMs: number
  readonly bodyBytes: number
}

/**
 * Asks the target for its models before anything else happens to it. Throws TARGET_UNREACHABLE,
 * TARGET_REFUSED or UNKNOWN_MODEL.
 */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { baseUrl, secrets, clock, log, signal } = options
  const url = baseUrl + MODELS_PATH
  const answer = await getModels({ url, secrets, clock, signal })
  const model = chooseModel(url, answer, options.target.model, log)
  return { model, durationMs: answer.durationMs, bodyBytes: answer.bodyBytes }
}

function chooseModel(url: string, answer: Answer, wanted: string | null, log: Log): string {
  refuseBadStatus(url, answer, wanted)
  const models = answer.status === 200 ? modelIds(answer.body) : null
  if (models === null) {
    const what = answer.status === 200 ? 'an answer that is no list of models' : `HTTP ${answer.status}`
    if (wanted === null) throw new LoadError('TARGET_REFUSED', `${url} gave ${what}`, 'name the model with --model')
    log.warn({ url, status: answer.status }, `${url} gave ${what}: whether the server has ${wanted} was not checked`)
    return wanted
  }
  if (wanted !== null) return models.includes(wanted) ? wanted : unknownModel(url, models, wanted)
  const [first] = models
  if (first === undefined)
    throw new LoadError('TARGET_REFUSED', `${url} lists no model`, 'load one, or name it with --model')
  log.info(
    { model: first, models },
    models.length === 1 ? `Model: ${first}` : `Model: ${first}, the first of ${models.length}`,
  )
  return first
}

function refuseBadStatus(url: string, { status, body, location }: Answer, wanted: string | null): void {
  if (status === 200 || (NOT_THERE.includes(status) && wanted !== null)) return
  if (status === 401 || status === 403) {
    throw new LoadError(
      'TARGET_REFUSED',
      `${url} gave HTTP ${status}: the server wants a key, or another one`,
      'set LLMLOAD_API_KEY to the key of the server',
    )
  }
  if (location !== null) {
    throw new LoadError(
      'TARGET_REFUSED',
      `${url} gave HTTP ${status} and points to ${location}`,
      'give that address with --host',
    )
  }
  if (NOT_THERE.includes(status)) return
  const words = body.trim().replace(/\s+/g, ' ').slice(0, 200)
  throw new LoadError(
    'TARGET_REFUSED',
    `${url} gave HTTP ${status}${words && `: ${words}`}`,
    'look at the log of the server',
  )
}

/** The ids of `{"data": [{"id": …}, …]}`; null if the body is something else. */
function modelIds(body: string): string[] | null {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return null
  }
  const data = fieldOf(value, 'data')
  if (!Array.isArray(data)) return null
  return data.map((model) => fieldOf(model, 'id')).filter((id) => typeof id === 'string')
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}

function unknownModel(url: string, models: readonly string[], wanted: string): never {
  const list = models.map((model) => `  ${model}`).join('\n')
  const close = models.find((model) => areSimilar(model, wanted))
  throw new LoadError(
    'UNKNOWN_MODEL',
    `the server does not have the model ${wanted}; ${url} lists ${models.length}:\n${list}`,
    close === undefined ? 'name one of these with --model' : `did you mean --model ${close}?`,
  )
}

/** Whether one name is part of the other, whatever their case and the slashes at their ends. */
function areSimilar(a: string, b: string): boolean {
  const [one, other] = [a, b].map((name) => name.toLowerCase().replace(/^\/+|\/+$/g, ''))
  return one !== undefined && other !== undefined && (one.includes(other) || other.includes(one))
}

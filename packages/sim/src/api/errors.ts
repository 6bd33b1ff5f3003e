import { STATUS_CODES } from 'node:http'

/** An answer that refuses a request, in the form and the words of vLLM's OpenAI server. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
    readonly param: string | null = null,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }

  get body(): object {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.status } }
  }
}

/** What vLLM's engine and sampling parameters refuse. */
export const badRequest = (message: string, param: string | null = null) =>
  new ApiError(400, 'BadRequestError', message, param)

export const unknownModel = (model: string) =>
  new ApiError(404, 'NotFoundError', `The model \`${model}\` does not exist.`, 'model')

const SERVER_ERROR_MESSAGE = 'Internal server error'
const SERVER_ERROR_TYPE = 'InternalServerError'

export const serverError = (message = SERVER_ERROR_MESSAGE) => new ApiError(500, SERVER_ERROR_TYPE, message)

/**
 * The event with which vLLM ends a stream whose generation failed, under HTTP 200. vLLM makes this
 * one JSON with Python's json.dumps, so it has spaces that the chunks have not.
 */
export const STREAM_ERROR_JSON = `{"error": {"message": "${SERVER_ERROR_MESSAGE}", "type": "${SERVER_ERROR_TYPE}", "param": null, "code": 500}}`

/** An error status injected on purpose. */
export function injectedError(status: number): ApiError {
  if (status === 500) return serverError()
  const phrase = STATUS_CODES[status] ?? `Status ${status}`
  const headers: Record<string, string> = status === 429 || status === 503 ? { 'retry-after': '1' } : {}
  return new ApiError(status, phrase.replaceAll(' ', ''), phrase, null, headers)
}

/** One field that cannot be read, in the words of pydantic, which vLLM passes on. */
export interface FieldProblem {
  readonly type: string
  readonly field: string | null
  readonly message: string
  readonly input: unknown
}

/** All fields that cannot be read, as vLLM reports them. */
export function validationError(problems: readonly FieldProblem[]): ApiError {
  const count = `${problems.length} validation ${problems.length === 1 ? 'error' : 'errors'}:`
  const first = problems[0]
  const param = first === undefined ? null : locationOf(first.field).join('.')
  return new ApiError(400, 'Bad Request', [count, ...problems.map(asPython)].join('\n  '), param)
}

const locationOf = (field: string | null): string[] => (field === null ? ['body'] : ['body', field])

function asPython({ type, field, message, input }: FieldProblem): string {
  const location = locationOf(field).map((part) => `'${part}'`)
  const tuple = location.length === 1 ? `(${location[0]},)` : `(${location.join(', ')})`
  return `{'type': '${type}', 'loc': ${tuple}, 'msg': ${pythonText(message)}, 'input': ${pythonValue(input)}}`
}

/** Longer inputs are cut, as vLLM does: the offending value may be a whole prompt. */
const MAX_INPUT_CHARS = 200

function pythonValue(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'string') {
    return pythonText(value.length > MAX_INPUT_CHARS ? `${value.slice(0, MAX_INPUT_CHARS)}...[truncated]` : value)
  }
  if (Array.isArray(value)) return `'<list of ${value.length} items>'`
  if (typeof value === 'object') return `'<dict of ${Object.keys(value).length} items>'`
  return String(value)
}

/** Python's repr of a string: single quotes unless only they occur in it. */
function pythonText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  if (escaped.includes("'") && !escaped.includes('"')) return `"${escaped}"`
  return `'${escaped.replaceAll("'", "\\'")}'`
}

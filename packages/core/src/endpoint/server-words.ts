import { isObject, parseJson } from './json.js'

/** Longest quotation of a server in a failure; messages stand in tables and are counted by their text. */
const MAX_QUOTE_CHARS = 200

/** A text as one line of bounded length, without what drives a terminal. */
export function quote(text: string, maxChars = MAX_QUOTE_CHARS): string {
  const line = text
    .slice(0, 4 * maxChars)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return line.length > maxChars ? `${line.slice(0, maxChars - 1)}…` : line
}

/**
 * What a server says is wrong, in its own words and on one line: the message of a JSON error in any
 * of the usual shapes, the title of an HTML page, else the first line of the text. Empty if it says nothing.
 */
export function serverWords(text: string): string {
  const json = parseJson(text)
  if (json !== undefined) return quote(errorMessage(json))
  const title = /<title>([^<]*)/i.exec(text)?.[1]
  return quote(title ?? text.trim().split(/[\r\n]/, 1)[0] ?? '')
}

/**
 * The message inside an error value: OpenAI `{error: {message}}`, `{error: "…"}`, vLLM of old
 * `{object: "error", message}`, FastAPI `{detail: "…"}` and `{detail: [{msg}]}`, or a plain string.
 */
export function errorMessage(error: unknown): string {
  if (typeof error === 'string') return error
  if (!isObject(error)) return String(error)
  if (Array.isArray(error)) return error.map(errorMessage).join('; ')
  const inner = error.message ?? error.error ?? error.detail ?? error.msg
  return inner === undefined || inner === null || inner === '' ? JSON.stringify(error) : errorMessage(inner)
}

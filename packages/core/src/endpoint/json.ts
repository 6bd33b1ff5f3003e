/** A JSON object of the server, of which nothing is known yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value has fields to look at; a list has too, but none of any meaning. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null

/** The value of a JSON text; undefined if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The object that a JSON text is; null if it is anything else. */
export function parseObject(text: string): JsonObject | null {
  const value = parseJson(text)
  return isObject(value) && !Array.isArray(value) ? value : null
}

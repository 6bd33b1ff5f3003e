import { type FieldProblem, validationError } from './errors.js'

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads the fields of a request body. What cannot be read is collected, so that the answer names it
 * all; unknown fields are left alone, as vLLM does. An absent field and `null` are the same: null.
 */
export class Fields {
  readonly #body: JsonObject
  readonly #problems: FieldProblem[] = []

  /** Throws if the body is no JSON object. */
  constructor(body: unknown) {
    if (!isObject(body)) {
      const message = 'Input should be a valid dictionary or object to extract fields from'
      throw validationError([{ type: 'model_attributes_type', field: null, message, input: body }])
    }
    this.#body = body
  }

  raw(field: string): unknown {
    return this.#body[field] ?? null
  }

  integer(field: string): number | null {
    return this.#read(field, 'int_type', 'Input should be a valid integer', isInteger)
  }

  number(field: string): number | null {
    return this.#read(field, 'float_type', 'Input should be a valid number', isFiniteNumber)
  }

  boolean(field: string): boolean | null {
    return this.#read(field, 'bool_type', 'Input should be a valid boolean', (value) => typeof value === 'boolean')
  }

  string(field: string): string | null {
    return this.#read(field, 'string_type', 'Input should be a valid string', (value) => typeof value === 'string')
  }

  object(field: string): JsonObject | null {
    return this.#read(field, 'dict_type', 'Input should be a valid dictionary', isObject)
  }

  /** A problem that the caller found in a field, or with `null` in the body as a whole. */
  refuse(field: string | null, type: string, message: string): void {
    this.#problems.push({ type, field, message, input: field === null ? this.#body : this.raw(field) })
  }

  /** Throws what was collected, if anything was. */
  check(): void {
    if (this.#problems.length > 0) throw validationError(this.#problems)
  }

  #read<T>(field: string, type: string, message: string, accepts: Guard<T>): T | null {
    const value = this.raw(field)
    if (value === null) return null
    if (accepts(value)) return value
    this.refuse(field, type, message)
    return null
  }
}

type Guard<T> = (value: unknown) => value is T

const isInteger = (value: unknown): value is number => Number.isSafeInteger(value)
const isFiniteNumber = (value: unknown): value is number => Number.isFinite(value)

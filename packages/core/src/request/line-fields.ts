import { z } from 'zod'

/** A field of a line of NDJSON, for documentation. */
export interface LineField {
  readonly name: string
  /** In words of JSON: `number or null`. */
  readonly type: string
  readonly meaning: string
}

interface FieldSchema {
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly FieldSchema[]
}

/** The fields of a kind of line, from the schema that checks it. */
export function lineFields(line: z.ZodObject): LineField[] {
  const { properties = {} } = z.toJSONSchema(line)
  return Object.entries(properties).map(([name, property]) => {
    if (typeof property === 'boolean') throw new TypeError(`the field ${name} has no schema`)
    const schema = property as FieldSchema
    return { name, type: typeOf(schema), meaning: schema.description ?? '' }
  })
}

function typeOf(schema: FieldSchema): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(', ')
  return [schema.type ?? ''].flat().join(' or ')
}

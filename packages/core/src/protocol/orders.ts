import { z } from 'zod'

const levelOrder = z
  .strictObject({ qps: z.number().positive().optional(), users: z.int().min(1).optional() })
  .refine(({ qps, users }) => qps !== undefined || users !== undefined, 'name qps, users or both')

const stopOrder = z.strictObject({
  /** Without waiting for what is in flight. */
  now: z.boolean().default(false),
})

/** What can be told a master over HTTP while its run goes on. */
export interface Orders {
  readonly level: z.infer<typeof levelOrder>
  readonly stop: z.infer<typeof stopOrder>
}

const ORDERS: { readonly [kind in keyof Orders]: z.ZodType<Orders[kind]> } = { level: levelOrder, stop: stopOrder }

/** An order as typed value, or the reason why it is none. */
export function parseOrder<Kind extends keyof Orders>(
  kind: Kind,
  value: unknown,
): { readonly order: Orders[Kind] } | { readonly problem: string } {
  const parsed = ORDERS[kind].safeParse(value)
  return parsed.success ? { order: parsed.data } : { problem: z.prettifyError(parsed.error) }
}

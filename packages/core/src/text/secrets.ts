import type { Secrets } from '../plan.js'

/** A shorter one is no secret, and could be part of any word. */
const MIN_SECRET_LENGTH = 6

/** What stands before a credential in a header. */
const SCHEME = /^(basic|bearer|digest|key|token|api-?key)\s+/i

/** The texts that must not be shown: keys and tokens, and header values, which may be credentials. */
export function secretTexts({ apiKey, headers }: Secrets, ...tokens: readonly (string | null)[]): string[] {
  const values = headers.flatMap(([, value]) => [value, value.replace(SCHEME, '')])
  return [apiKey, ...tokens, ...values]
    .filter((text) => text !== null)
    .filter(({ length }) => length >= MIN_SECRET_LENGTH)
}

/** A text with `[hidden]` where one of the secrets stood, as it is or as JSON has it. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const shapes = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  return shapes.reduce((hidden, shape) => hidden.replaceAll(shape, '[hidden]'), text)
}

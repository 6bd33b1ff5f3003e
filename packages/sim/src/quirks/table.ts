import { CONTENT_QUIRKS } from './content.js'
import { ENDING_QUIRKS } from './endings.js'
import { FRAMING_QUIRKS } from './framing.js'
import type { Quirk } from './quirk.js'
import { RESPONSE_QUIRKS } from './responses.js'
import { USAGE_QUIRKS } from './usage.js'

/** In the order in which they apply: what chunks hold before how they are framed. */
const TABLE = { ...CONTENT_QUIRKS, ...USAGE_QUIRKS, ...ENDING_QUIRKS, ...FRAMING_QUIRKS, ...RESPONSE_QUIRKS }

/** All quirks by name. */
export const QUIRKS: Readonly<Record<string, Quirk>> = TABLE

export const QUIRK_NAMES: readonly string[] = Object.keys(TABLE)

/** The list for people, by rule. */
export const QUIRK_LIST: ReadonlyArray<{ readonly name: string; readonly rule: number; readonly sends: string }> =
  Object.entries(QUIRKS)
    .map(([name, { rule, sends }]) => ({ name, rule, sends }))
    .sort((a, b) => a.rule - b.rule)

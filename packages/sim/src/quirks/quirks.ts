import type { ServerResponse } from 'node:http'
import type { Quirk, StreamEvent } from './quirk.js'
import { QUIRKS } from './table.js'

/** The quirks that are switched on, as one. */
export class Quirks {
  readonly #active: readonly Quirk[]

  /** `names`: keys of the table. */
  constructor(names: readonly string[]) {
    this.#active = Object.entries(QUIRKS).flatMap(([name, quirk]) => (names.includes(name) ? [quirk] : []))
  }

  /** What the first quirk says that has something to say on it. */
  get<Key extends keyof Quirk>(key: Key): Quirk[Key] | undefined {
    return this.#active.find((quirk) => quirk[key] !== undefined)?.[key]
  }

  get request(): NonNullable<Quirk['request']> {
    return Object.assign({}, ...this.#active.map(({ request }) => request))
  }

  open(response: ServerResponse): void {
    for (const quirk of this.#active) quirk.open?.(response)
  }

  rewrite(events: readonly StreamEvent[], firstStep: boolean): readonly StreamEvent[] {
    return this.#active.reduce((result, quirk) => quirk.rewrite?.(result, firstStep) ?? result, events)
  }

  frame(event: string, first: boolean): string {
    return this.#active.reduce((result, quirk) => quirk.frame?.(result, first) ?? result, event)
  }

  /** Whether the bytes of a write change after the quirks have it. */
  get reshapesWrites(): boolean {
    return this.get('cut') !== undefined || this.get('encoding') !== undefined
  }

  cut(bytes: Buffer): Buffer[] {
    return this.#active.reduce((parts, { cut }) => (cut ? parts.flatMap(cut) : parts), [bytes])
  }
}

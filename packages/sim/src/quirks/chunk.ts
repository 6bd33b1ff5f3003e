import type { Rewrite, StreamEvent } from './quirk.js'

/** What the rewriting of chunks needs to know of them; completions have `text`, chats a `delta`. */
export interface Choice {
  readonly index: number
  readonly text?: string
  readonly delta?: Readonly<Record<string, unknown>>
  readonly finish_reason: string | null
}

export interface Chunk {
  readonly choices: readonly Choice[]
  readonly [field: string]: unknown
}

export const chunkOf = (event: StreamEvent): Chunk => JSON.parse(event.text)

export const chunkEvent = (chunk: Chunk): StreamEvent => ({ kind: 'chunk', text: JSON.stringify(chunk) })

/** Rewrites each chunk that has text into one or several. */
export const onChunks =
  (change: (chunk: Chunk, first: boolean) => Chunk[]): Rewrite =>
  (events, firstStep) => {
    let first = firstStep
    return events.flatMap((event) => {
      if (event.kind !== 'chunk') return [event]
      const changed = change(chunkOf(event), first)
      first = false
      return changed.map(chunkEvent)
    })
  }

export const onChoices = (change: (choice: Choice, first: boolean) => object): Rewrite =>
  onChunks((chunk, first) => [withChoices(chunk, (choice) => change(choice, first))])

export const withChoices = (chunk: Chunk, change: (choice: Choice) => object): Chunk => ({
  ...chunk,
  // A quirk may make of a choice what is none.
  choices: chunk.choices.map((choice) => change(choice) as Choice),
})

export const textOf = ({ text, delta }: Choice): string => text ?? String(delta?.content ?? '')

export const withText = (choice: Choice, text: unknown): object =>
  choice.delta === undefined ? { ...choice, text } : { ...choice, delta: { ...choice.delta, content: text } }

/** Events without some kinds. */
export const without =
  (...kinds: readonly StreamEvent['kind'][]): Rewrite =>
  (events) =>
    events.filter(({ kind }) => !kinds.includes(kind))

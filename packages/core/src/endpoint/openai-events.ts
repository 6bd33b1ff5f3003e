import { isSet, type Timeline } from '../request/timeline.js'
import { AnswerText } from './answer-text.js'
import { ChunkSkimmer } from './chunk-skimmer.js'
import { ChunkTokens } from './chunk-tokens.js'
import type { Answer, AnswerWish } from './endpoint.js'
import { isObject, type JsonObject, parseJson } from './json.js'
import { errorMessage } from './server-words.js'
import { ThinkTags } from './think-tags.js'

/** Reader of one answer of the OpenAI API, completions or chat; it takes what servers really send. */
export class OpenAiAnswer implements Answer {
  /** One for all, as what it found is used before it looks again: one per answer would have to be fetched from memory for each chunk. */
  static readonly #skimmer = new ChunkSkimmer()
  finished = 0
  readonly #timeline: Timeline
  /** Null where it is not kept. */
  readonly #text: AnswerText | null
  /** By index of the answer; null where tags mean nothing. */
  readonly #thinkTags: Map<number, ThinkTags> | null
  readonly #chunkTokens: ChunkTokens
  /** Which marks are made: a mark itself lies in memory that every chunk would have to fetch. */
  #hasChoices = false
  #hasToken = false
  #hasVisible = false
  #hasReasoning = false

  constructor(timeline: Timeline, { keepText, thinkTags }: AnswerWish) {
    this.#timeline = timeline
    this.#text = keepText ? new AnswerText() : null
    this.#thinkTags = thinkTags ? new Map() : null
    this.#chunkTokens = new ChunkTokens(timeline)
  }

  get text(): string {
    return this.#text?.all ?? ''
  }

  skim(bytes: Buffer, at: number, end: number): number {
    return this.#thinkTags === null ? OpenAiAnswer.#skimmer.skim(bytes, at, end) : -1
  }

  skimmed(bytes: Buffer, atMs: number): void {
    const { text, visible, usageStart, usageEnd } = OpenAiAnswer.#skimmer
    const timeline = this.#timeline
    const usageGrew = usageEnd > 0 && this.#readUsage(parseJson(bytes.toString('utf8', usageStart, usageEnd)), atMs)
    this.#markChoices(atMs)
    const hasText = text.end > 0
    if (hasText) {
      timeline.chars += text.chars
      this.#text?.addRaw(bytes, text.start, text.end)
    }
    if (hasText || usageGrew) this.#mark(0, atMs, hasText && visible, hasText && !visible, 0)
  }

  event(event: JsonObject, atMs: number): string | null {
    const usageGrew = this.#readUsage(event.usage, atMs)
    // After [DONE] only usage is news: servers that send it late do so there.
    if (isSet(this.#timeline.doneMs)) return null
    const error = errorOf(event)
    if (error !== null) return error
    const { choices } = event
    if (!Array.isArray(choices) || choices.length === 0) return null
    this.#markChoices(atMs)
    for (let position = 0; position < choices.length; position++) {
      const choice: unknown = choices[position]
      if (!isObject(choice)) continue
      const piece = readPiece(choice, choice.delta, position)
      if (this.#count(piece) || usageGrew) {
        const [visible, reasons] = this.#thinkTags === null ? [piece.visible !== '', piece.reasons] : this.#tell(piece)
        this.#mark(piece.index, atMs, visible, reasons, piece.idTokens || piece.logprobTokens)
      }
    }
    return errorIn(choices)
  }

  body(body: JsonObject): string | null {
    this.#readUsage(body.usage, Number.NaN)
    const error = errorOf(body)
    if (error !== null) return error
    const choices = Array.isArray(body.choices) ? body.choices : []
    choices.forEach((choice: unknown, position) => {
      if (isObject(choice)) this.#count(readPiece(choice, choice.message, position))
    })
    return errorIn(choices)
  }

  /** Adds a piece up. Returns whether there was anything generated in it. */
  #count(piece: Piece): boolean {
    const timeline = this.#timeline
    const text = piece.hidden + piece.visible
    if (text !== '') {
      timeline.chars += codePoints(text)
      this.#text?.add(piece.index, text)
    }
    timeline.logprobTokens += piece.logprobTokens
    timeline.idTokens += piece.idTokens
    if (piece.finishReason !== null) {
      timeline.finishReason = piece.finishReason
      this.finished++
    }
    return text !== '' || piece.logprobTokens > 0 || piece.idTokens > 0
  }

  /** Whether a piece has visible text and reasoning, where tags tell one from the other. */
  #tell({ index, visible, reasons }: Piece): [visible: boolean, reasons: boolean] {
    const tags = this.#thinkTags?.get(index) ?? new ThinkTags()
    this.#thinkTags?.set(index, tags)
    tags.read(visible)
    if (tags.endedUnbegun && !this.#hasReasoning) {
      this.#timeline.firstReasoningMs = this.#timeline.firstTokenMs
      this.#timeline.firstVisibleMs = Number.NaN
      this.#hasReasoning = this.#hasToken
      this.#hasVisible = false
    }
    return [tags.visible, tags.reasons || reasons]
  }

  #markChoices(atMs: number): void {
    if (this.#hasChoices) return
    this.#hasChoices = true
    this.#timeline.firstChoicesMs = atMs
  }

  #mark(index: number, atMs: number, visible: boolean, reasons: boolean, ownTokens: number): void {
    const timeline = this.#timeline
    if (!this.#hasToken) timeline.firstTokenMs = atMs
    if (visible && !this.#hasVisible) timeline.firstVisibleMs = atMs
    if (reasons && !this.#hasReasoning) timeline.firstReasoningMs = atMs
    this.#hasToken = true
    this.#hasVisible ||= visible
    this.#hasReasoning ||= reasons
    timeline.lastTokenMs = atMs
    timeline.chunks++
    if (index === 0) timeline.chunkMs.push(atMs)
    this.#chunkTokens.add(index, ownTokens)
  }

  /**
   * The last usage wins, as servers that send one with every event send running totals. Returns
   * whether the count of generated tokens grew: then the event stands for tokens even without text.
   */
  #readUsage(usage: unknown, atMs: number): boolean {
    if (!isObject(usage)) return false
    const timeline = this.#timeline
    timeline.usageMs = atMs
    const before = timeline.completionTokens
    timeline.completionTokens = countOf(usage.completion_tokens) ?? before
    timeline.promptTokens = countOf(usage.prompt_tokens) ?? timeline.promptTokens
    const details = usage.prompt_tokens_details
    if (isObject(details)) timeline.cachedTokens = countOf(details.cached_tokens) ?? timeline.cachedTokens
    return before !== null && timeline.completionTokens !== null && timeline.completionTokens > before
  }
}

/** What one choice of one event brings. */
interface Piece {
  /** Which of the `n` answers it continues. */
  readonly index: number
  readonly visible: string
  /** Reasoning and tool calls. */
  readonly hidden: string
  /** There is reasoning in what is hidden. */
  readonly reasons: boolean
  readonly logprobTokens: number
  readonly idTokens: number
  readonly finishReason: string | null
}

/** `message` is the choice's `delta` in a stream and its `message` in a whole body; completions have neither, but `text`. */
function readPiece(choice: JsonObject, message: unknown, position: number): Piece {
  return {
    index: countOf(choice.index) ?? position,
    visible: typeof choice.text === 'string' ? choice.text : isObject(message) ? visibleText(message) : '',
    hidden: isObject(message) ? hiddenText(message) : '',
    reasons: isObject(message) && reasoningText(message) !== '',
    logprobTokens: isObject(choice.logprobs) ? lengthOf(choice.logprobs.tokens ?? choice.logprobs.content) : 0,
    idTokens: lengthOf(choice.token_ids),
    finishReason: typeof choice.finish_reason === 'string' ? choice.finish_reason : null,
  }
}

function visibleText({ content, refusal }: JsonObject): string {
  return contentText(content, 'text') || (typeof refusal === 'string' ? refusal : '')
}

function hiddenText(message: JsonObject): string {
  const { tool_calls } = message
  const text = reasoningText(message)
  return Array.isArray(tool_calls) ? text + tool_calls.map(toolCallText).join('') : text
}

/** `reasoning` or `reasoning_content`: a server that sends both sends the same text twice. */
function reasoningText({ content, reasoning, reasoning_content }: JsonObject): string {
  const thought = reasoning || reasoning_content
  return typeof thought === 'string' ? thought : contentText(content, 'thinking')
}

/** Content is a string or, at some servers, a list of parts of text and of thinking. */
function contentText(content: unknown, kind: 'text' | 'thinking'): string {
  if (typeof content === 'string') return kind === 'text' ? content : ''
  if (!Array.isArray(content)) return ''
  return content.map((part) => (isObject(part) ? contentText(part[kind], 'text') : '')).join('')
}

/** The name of the function is generated too, and often arrives before its arguments. */
function toolCallText(call: unknown): string {
  if (!isObject(call) || !isObject(call.function)) return ''
  const { name, arguments: args } = call.function
  return (typeof name === 'string' ? name : '') + (typeof args === 'string' ? args : '')
}

function errorOf(event: JsonObject): string | null {
  if (event.error) return errorMessage(event.error)
  return event.object === 'error' ? errorMessage(event) : null
}

function errorIn(choices: readonly unknown[]): string | null {
  const failed = choices.some((choice) => isObject(choice) && choice.finish_reason === 'error')
  return failed ? 'finish_reason is error' : null
}

/** A count that a server states; null if it is none: servers have sent fractions and negative ones. */
const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0)

/** Code points of a text. A pair of surrogates counts once, even where two events carry one half each. */
function codePoints(text: string): number {
  let points = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) points--
  return points
}

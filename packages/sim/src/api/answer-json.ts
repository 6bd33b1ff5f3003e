import type { Answer, Generation } from '../engine/generation.js'
import type { AnswerText, RingToken } from '../text/answer-text.js'
import { encode } from '../text/tokenizer.js'
import type { ChoiceJson, Dialect, ScoredText, TokenLogprob } from './dialect.js'

/** The JSON of one generation, chunk by chunk or whole. Chunks are to be asked for in order. */
export class AnswerJson {
  readonly #dialect: Dialect
  readonly #generation: Generation
  readonly #text: AnswerText
  readonly #chunkHead: string
  /** Code points written so far, by answer: logprobs of completions report them. */
  readonly #textOffsets: number[]

  /** `stampField`: where the send time goes in a chunk; empty for none. */
  constructor(dialect: Dialect, generation: Generation, text: AnswerText, stampField = '') {
    this.#dialect = dialect
    this.#generation = generation
    this.#text = text
    this.#chunkHead = headOf(generation, dialect.chunkObject, stampField)
    this.#textOffsets = generation.answers.map(() => 0)
  }

  /** Chunks that go before the first text; none in most APIs. */
  opening(): string[] {
    return this.#generation.answers.flatMap((answer) => {
      const choice = { index: answer.index, promptTokenIds: this.#promptTokenIds(answer) }
      return this.#dialect.opening(this.#chunkHead, choice, this.#usageSoFar(answer, 0)) ?? []
    })
  }

  /** A chunk of every answer that is not over at step `from`, with its tokens up to step `to`. */
  chunks(from: number, to: number): string[] {
    const running = this.#generation.answers.filter((answer) => answer.steps > from)
    return running.map((answer) => {
      const choice = this.#choice(answer, from, to)
      return this.#dialect.chunk(this.#chunkHead, choice, this.#usageSoFar(answer, Math.min(to, answer.tokens)))
    })
  }

  /** The chunk with the usage of the whole request and no choices. */
  usageChunk(): string {
    return `${this.#chunkHead}[],"usage":{${this.#usage()}${cachedField(this.#generation, '')}}}`
  }

  whole(): string {
    const { answers, steps } = this.#generation
    const choices = answers.map((answer) => this.#choice(answer, 0, steps))
    const head = headOf(this.#generation, this.#dialect.wholeObject)
    return this.#dialect.whole(
      head,
      choices,
      `{${this.#usage()}${cachedField(this.#generation, ',"prompt_tokens_details":null')}}`,
    )
  }

  #choice(answer: Answer, from: number, to: number): ChoiceJson {
    const end = Math.min(to, answer.tokens)
    const tokens = this.#text.slice(answer.start + from, Math.max(end - from, 0))
    return {
      index: answer.index,
      text: textJson(tokens),
      logprobs: this.#logprobs(answer, from, tokens),
      finishReason: to >= answer.steps ? `"${answer.finish}"` : 'null',
      tokenIds: this.#generation.request.returnTokenIds ? JSON.stringify(encode(textOf(tokens))) : 'null',
      promptTokenIds: from === 0 ? this.#promptTokenIds(answer) : 'null',
    }
  }

  #promptTokenIds(answer: Answer): string {
    const { returnTokenIds, prompts, n } = this.#generation.request
    const prompt = returnTokenIds ? prompts[Math.floor(answer.index / n)] : undefined
    return prompt === undefined ? 'null' : JSON.stringify(prompt.ids())
  }

  #logprobs(answer: Answer, from: number, tokens: readonly RingToken[]): string {
    const wanted = this.#generation.request.logprobs
    if (wanted === null) return 'null'
    const scored = tokens.map((token, i) => this.#score(token, answer.start + from + i, wanted))
    const offset = this.#textOffsets[answer.index] ?? 0
    this.#textOffsets[answer.index] = offset + [...textOf(tokens)].length
    return this.#dialect.logprobs(scored, wanted, offset)
  }

  /** The alternatives are tokens that stand near by in the answer text, each less likely than the one before. */
  #score({ text, logprob }: RingToken, position: number, wanted: number): TokenLogprob {
    const top: ScoredText[] = [{ text, logprob }]
    for (let near = position + 1; top.length < wanted; near++) {
      const { text } = this.#text.at(near)
      if (!top.some((other) => other.text === text)) top.push({ text, logprob: logprob - top.length })
    }
    return { text, logprob, top }
  }

  #usageSoFar(answer: Answer, tokens: number): string {
    const { continuousUsage, prompts, n } = this.#generation.request
    if (!continuousUsage) return ''
    return `,"usage":{${usageFields(prompts[Math.floor(answer.index / n)]?.tokens ?? 0, tokens)}}`
  }

  #usage(): string {
    return usageFields(this.#generation.request.promptTokens, this.#generation.completionTokens)
  }
}

/** vLLM reports cached tokens only where it is told to; so does this, where there is a cache. */
const cachedField = ({ cachedTokens }: Generation, otherwise: string): string =>
  cachedTokens === null ? otherwise : `,"prompt_tokens_details":{"cached_tokens":${cachedTokens}}`

export const headOf = (
  { id, created, model }: Pick<Generation, 'id' | 'created' | 'model'>,
  object: string,
  stampField = '',
): string =>
  `{"id":${JSON.stringify(id)},"object":"${object}","created":${created},"model":${JSON.stringify(model)},` +
  `${stampField}"choices":`

/** The fields of a usage object, without its braces. */
export const usageFields = (promptTokens: number, completionTokens: number): string =>
  `"prompt_tokens":${promptTokens},"total_tokens":${promptTokens + completionTokens},"completion_tokens":${completionTokens}`

const textOf = (tokens: readonly RingToken[]): string => tokens.map((token) => token.text).join('')

/** Most chunks hold one token, whose JSON exists. */
function textJson(tokens: readonly RingToken[]): string {
  const [first] = tokens
  return tokens.length === 1 && first !== undefined ? first.json : JSON.stringify(textOf(tokens))
}

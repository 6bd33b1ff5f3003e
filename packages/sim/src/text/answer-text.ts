import { generatorAt } from '@llmload/core'
import { split } from './tokenizer.js'

/** Some with letters outside ASCII: a client that mixes up bytes and characters shall stumble. */
const WORDS = `a about across after again all along an and answer any are around as at away back be because become
  before begin behind below between blue bridge bright bring build but by café call can carry change city clear close
  cloud cold come could cross day deep did do door down draw dream each earth east end enough even evening every eye
  façade fall far feel few field find fire first fish flow fly follow for forest forward found from full garden give go
  gold good great green ground grow half hand harbour have he hear heart here high hill his hold home hour house how
  if in into island it its journey keep kind know lake land large last late leave less letter light like line listen
  little long look low made make many map mark may mean might mile mind moment moon more morning most mountain move
  much music must naïve name near never new next night no north not nothing now ocean of off often old on once one
  only open or other our out over own page paper part pass path people perhaps place plain plan quiet rain reach read
  ready red remember rest return river road room round said sail same sand sea season second see seem shadow shape
  she ship short should side sign silver simple since sky slow small snow so some song soon sound south space spring
  stand star start station still stone story stream street strong summer sun table take tell than that the their them
  then there these they thing think this thought through time to together toward tower town trace travel tree true
  turn two über under until up upon valley very voice wait walk wall warm was watch water wave way we weather well
  west what when where which while white who whole why wide wild will wind window winter with without wonder wood word
  world would year yellow yet you young`.split(/\s+/)

const RING_WORDS = 4096
const WORDS_PER_SENTENCE = 9

/** A token of the ring and what a chunk needs of it, made once. */
export interface RingToken {
  readonly text: string
  /** The text as a JSON string, quotes included. */
  readonly json: string
  /** Invented, but always the same for the same token of the ring. */
  readonly logprob: number
}

/**
 * The text that answers are cut from: a closed ring of tokens, made from the seed. An answer begins
 * at a word and runs on from there, so making it costs nothing while the simulator keeps its times.
 */
export class AnswerText {
  readonly #tokens: RingToken[]
  readonly #wordStarts: number[] = []

  constructor(seed: number) {
    const draw = generatorAt(seed, 'sim-text', 0)
    const pick = () => WORDS[Math.floor(draw() * WORDS.length)] ?? ''
    const words = Array.from({ length: RING_WORDS }, (_, i) =>
      i % WORDS_PER_SENTENCE === WORDS_PER_SENTENCE - 1 ? ` ${pick()}.` : ` ${pick()}`,
    )
    this.#tokens = split(words.join('')).map((text, at) => {
      if (text.startsWith(' ')) this.#wordStarts.push(at)
      return { text, json: JSON.stringify(text), logprob: -Math.round(draw() * 3e6) / 1e6 }
    })
  }

  /** Where an answer starts, for a draw in [0, 1). */
  startAt(uniform: number): number {
    return this.#wordStarts[Math.floor(uniform * this.#wordStarts.length)] ?? 0
  }

  /** The token at a position; positions run on over the end of the ring. */
  at(position: number): RingToken {
    const token = this.#tokens[position % this.#tokens.length]
    if (token === undefined) throw new RangeError(`no token at ${position}`)
    return token
  }

  /** `count` tokens from a position on. */
  slice(start: number, count: number): RingToken[] {
    return Array.from({ length: count }, (_, i) => this.at(start + i))
  }
}

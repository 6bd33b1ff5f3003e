import { describe, expect, test } from 'vitest'
import { generatorAt } from '../random.js'
import { Timeline } from '../request/timeline.js'
import { ChunkSkimmer } from './chunk-skimmer.js'
import { parseObject } from './json.js'
import { OpenAiAnswer } from './openai-events.js'

const SEED = 7

/** Chunks in mid-stream, as the servers send them. */
const SERVERS = {
  'vLLM, completions':
    '{"id":"cmpl-88a6d94271593bfe","object":"text_completion","created":1795577916,"model":"m","choices":[{"index":0,"text":" token","logprobs":null,"finish_reason":null,"stop_reason":null,"prompt_token_ids":null,"token_ids":null}],"usage":null}',
  'vLLM, completions, with running usage':
    '{"id":"cmpl-1","object":"text_completion","created":1795577916,"model":"m","choices":[{"index":0,"text":"a","logprobs":null,"finish_reason":null,"stop_reason":null}],"usage":{"prompt_tokens":4,"total_tokens":6,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}}}',
  'vLLM, chat: role':
    '{"id":"chatcmpl-8ad79ab494b42b6a","object":"chat.completion.chunk","created":1795577917,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":null},"logprobs":null,"finish_reason":null}],"prompt_token_ids":null}',
  'vLLM, chat':
    '{"id":"chatcmpl-8ad79ab494b42b6a","object":"chat.completion.chunk","created":1795577917,"model":"m","choices":[{"index":0,"delta":{"content":" Δcommitted","reasoning_content":null},"logprobs":null,"finish_reason":null,"token_ids":null}]}',
  'vLLM, chat: reasoning':
    '{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1795577917,"model":"m","choices":[{"index":0,"delta":{"reasoning":"hm","reasoning_content":null},"logprobs":null,"finish_reason":null,"token_ids":null}]}',
  SGLang:
    '{"id":"3c0b5e","object":"chat.completion.chunk","created":1760000000,"model":"m","choices":[{"index":0,"delta":{"role":null,"content":" the","reasoning_content":null,"tool_calls":null},"logprobs":null,"finish_reason":null,"matched_stop":null}],"usage":null}',
  'llama.cpp':
    '{"choices":[{"finish_reason":null,"index":0,"delta":{"content":" \\"quoted\\"\\n"}}],"created":1760000000,"id":"chatcmpl-x","model":"m","system_fingerprint":"b6700-abc","object":"chat.completion.chunk","timings":{"prompt_n":1,"prompt_ms":29.5,"predicted_per_token_ms":-1.5e-3}}',
  OpenAI:
    '{"id":"chatcmpl-C","object":"chat.completion.chunk","created":1760000000,"model":"gpt","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" \\ud83d\\ude00 café"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"Kd83hJ"}',
  Ollama:
    '{"id":"chatcmpl-9","object":"chat.completion.chunk","created":1760000000,"model":"m","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]}',
  'a Python server with spaces':
    '{"id": "x", "object": "text_completion", "choices": [{"index": 0, "text": "a", "logprobs": null, "finish_reason": null}], "usage": null}',
}

/** What an event does to a timeline and an answer, in full by JSON.parse. */
function decoded(text: Buffer) {
  const timeline = new Timeline(0, null)
  const answer = new OpenAiAnswer(timeline, { keepText: true, thinkTags: false })
  const event = parseObject(text.toString())
  if (event === null) return null
  const error = answer.event(event, 5)
  return { timeline, error, text: answer.text, finished: answer.finished }
}

/** The same by skimming; null where the event is left to JSON.parse. */
function skimmed(text: Buffer) {
  const timeline = new Timeline(0, null)
  const answer = new OpenAiAnswer(timeline, { keepText: true, thinkTags: false })
  // In the middle of a buffer, as it lies there in earnest, with what is no part of it on both sides.
  const bytes = Buffer.concat([Buffer.from('data: '), text, Buffer.from('\n\ndata: {"choices":')])
  const end = 'data: '.length + text.length
  if (answer.skim(bytes, 'data: '.length, end) !== end) return null
  answer.skimmed(bytes, 5)
  return { timeline, error: null, text: answer.text, finished: answer.finished }
}

describe('the common chunk is skimmed, with the same result as JSON.parse:', () => {
  test.each(Object.entries(SERVERS))('%s', (_, chunk) => {
    const result = skimmed(Buffer.from(chunk))
    expect(result).not.toBeNull()
    expect(result).toEqual(decoded(Buffer.from(chunk)))
  })
})

describe('left to JSON.parse is', () => {
  const choice = (fields: string) => `{"choices":[{"index":0,${fields}}]}`
  test.each<{ story: string; event: string }>([
    { story: 'an error', event: '{"error":{"message":"no"},"choices":[{"text":"a"}]}' },
    { story: 'an error of vLLM of old', event: '{"object":"error","message":"no","choices":[{"text":"a"}]}' },
    { story: 'an object that may say error', event: '{"object":"err\\u006fr","choices":[{"text":"a"}]}' },
    { story: 'an event without choices', event: '{"id":"x"}' },
    { story: 'no choice', event: '{"choices":[],"usage":{"completion_tokens":3}}' },
    { story: 'two choices', event: '{"choices":[{"text":"a"},{"text":"b"}]}' },
    { story: 'another choice than the first', event: '{"choices":[{"index":1,"text":"a"}]}' },
    { story: 'an index of ten', event: '{"choices":[{"index":0.1e1,"text":"a"}]}' },
    { story: 'a finish_reason', event: choice('"text":"a","finish_reason":"stop"') },
    { story: 'logprobs', event: choice('"text":"a","logprobs":{"tokens":["a"]}') },
    { story: 'token ids', event: choice('"text":"a","token_ids":[1]') },
    { story: 'a tool call', event: choice('"delta":{"tool_calls":[{"function":{"name":"f"}}]}') },
    { story: 'a refusal', event: choice('"delta":{"refusal":"no"}') },
    { story: 'content in parts', event: choice('"delta":{"content":[{"text":"a"}]}') },
    { story: 'content and reasoning at once', event: choice('"delta":{"content":"a","reasoning":"b"}') },
    { story: 'both APIs at once', event: choice('"text":"a","delta":{"content":"b"}') },
    { story: 'a field twice', event: choice('"text":"a","text":"b"') },
    { story: 'a key in disguise', event: choice('"te\\u0078t":"a"') },
    { story: 'a control character', event: choice('"text":"a\tb"') },
    { story: 'a byte that is no UTF-8', event: 'latin1:{"choices":[{"text":"caf\xe9"}]}' },
    { story: 'what is cut off', event: '{"choices":[{"text":"a"}]' },
    { story: 'more than an object', event: '{"choices":[{"text":"a"}]} ' },
    { story: 'a comma too much', event: '{"choices":[{"text":"a",}]}' },
    { story: 'a number with a leading zero', event: '{"created":01,"choices":[{"text":"a"}]}' },
    { story: 'a line end between the fields', event: '{"choices":[{"text":"a"\n}]}' },
    { story: 'nesting without end', event: `{"x":${'['.repeat(99)}${']'.repeat(99)},"choices":[{"text":"a"}]}` },
  ])('$story', ({ event }) => {
    const [, encoding = 'utf8', text = ''] = /^(latin1)?:?(.*)$/s.exec(event) ?? []
    expect(skimmed(Buffer.from(text, encoding === 'latin1' ? 'latin1' : 'utf8'))).toBeNull()
  })
})

/** Draws from a seeded sequence. */
class Draw {
  readonly #next: () => number

  constructor(index: number) {
    this.#next = generatorAt(SEED, 'chunk-skimmer', index)
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit)
  }

  of<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value
  }

  times<Value>(limit: number, make: () => Value): Value[] {
    return Array.from({ length: this.below(limit) }, make)
  }
}

const LETTERS = [
  'a',
  ' ',
  'é',
  'ß',
  '€',
  '中',
  '\u2028',
  '\ufeff',
  '😀',
  '\\"',
  '\\\\',
  '\\/',
  '\\b',
  '\\f',
  '\\n',
  '\\r',
  '\\t',
]
const ESCAPES = [
  '\\u0041',
  '\\u00e9',
  '\\u20AC',
  '\\ud83d\\ude00',
  '\\uD83D',
  '\\uDE00',
  '\\udfff',
  '\\u0000',
  '\\u000a',
]
const NUMBERS = ['0', '-0', '1', '-17', '0.5', '1e9', '2E-3', '1.25e+2', '123456789012345678901234567890']

/** Legal JSON around the fields that matter, in all the ways in which it may be written. */
class AnyEvent {
  readonly #draw: Draw
  readonly #space: readonly string[]

  constructor(draw: Draw) {
    this.#draw = draw
    this.#space = draw.of([[''], ['', ' '], ['', ' ', '\t', '  ']])
  }

  text(): string {
    const known = ['choices', 'usage', 'error', 'object', 'id', 'created', 'timings']
    return this.#object(known, (key) => {
      if (key === 'choices') return this.#list(this.#rather(1, [0, 2]), () => this.#choice())
      if (key === 'usage') return this.#rather('null', [this.#usage(), this.#usage(), this.#value(2)])
      if (key === 'error') return this.#rather('null', ['false', '""', this.#string(), this.#value(1)])
      if (key === 'object') return this.#rather('"text_completion"', ['"error"', this.#string(), this.#value(1)])
      return this.#value(3)
    })
  }

  #choice(): string {
    const known = this.#draw.of([
      ['index', 'text', 'finish_reason', 'logprobs', 'token_ids', 'x'],
      ['index', 'delta', 'finish_reason', 'logprobs', 'x'],
      ['index', 'delta', 'finish_reason'],
      ['text'],
      this.#rather(['delta'], [['text', 'delta']]),
    ])
    return this.#object(known, (key) => {
      if (key === 'index') return this.#rather('0', ['1', '0.0', '0e1', '-0', '"0"', 'null'])
      if (key === 'text') return this.#rather(this.#string(), ['null', '""', '5'])
      if (key === 'delta') return this.#rather(this.#delta(), ['null', '[]', '"x"'])
      if (key === 'x') return this.#value(2)
      return this.#rather('null', ['"stop"', '"error"', '[1,2]', '{"tokens":["a"]}'])
    })
  }

  #delta(): string {
    const known = this.#draw.of([
      ['content'],
      ['role', 'content'],
      ['reasoning'],
      ['reasoning_content', 'content'],
      ['content', 'tool_calls', 'refusal', 'reasoning', 'reasoning_content'],
    ])
    return this.#object(known, (key) => {
      if (key === 'tool_calls') return this.#rather('[]', ['null', '[ ]', '[{"function":{"name":"f"}}]'])
      const text = this.#draw.of([this.#string(), 'null', '""'])
      return this.#rather(key === 'refusal' ? 'null' : text, ['7', '[{"text":"part"}]', this.#string()])
    })
  }

  /** Nearly always the usual, for an event of which one thing is unusual is left to JSON.parse as a whole. */
  #rather<Value>(usual: Value, unusual: readonly Value[]): Value {
    return this.#draw.below(10) === 0 ? this.#draw.of(unusual) : usual
  }

  #usage(): string {
    return this.#object(['completion_tokens', 'prompt_tokens', 'prompt_tokens_details'], (key) =>
      key === 'prompt_tokens_details' ? '{"cached_tokens":3}' : this.#draw.of(['0', '1', '25', 'null']),
    )
  }

  /** The fields in any order, some left out, some twice, some spelt with escapes. */
  #object(known: readonly string[], make: (key: string) => string): string {
    const draw = this.#draw
    const keys = [...known].filter(() => draw.below(12) > 0).sort(() => draw.below(3) - 1)
    if (draw.below(25) === 0) keys.push(draw.of(known))
    const members = keys.map((key) => {
      const spelt = key !== '' && draw.below(40) === 0 ? `\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}` : key
      return `"${spelt}"${this.#gap()}:${this.#gap()}${make(key)}`
    })
    return `{${this.#gap()}${members.join(`${this.#gap()},${this.#gap()}`)}${this.#gap()}}`
  }

  #list(length: number, make: () => string): string {
    return `[${this.#gap()}${Array.from({ length }, make).join(`${this.#gap()},`)}${this.#gap()}]`
  }

  #value(depth: number): string {
    const draw = this.#draw
    const simple = [this.#string(), draw.of(NUMBERS), 'true', 'false', 'null', '{}', '[]', '{"choices":[{"text":"x"}]}']
    const nested = draw.below(4)
    if (depth === 0 || nested > 1) return draw.of(simple)
    if (nested === 0) return this.#list(draw.below(4), () => this.#value(depth - 1))
    return this.#object(['text', 'error', 'a', ''], () => this.#value(depth - 1))
  }

  #string(): string {
    return `"${this.#draw.times(6, () => this.#draw.of(this.#draw.below(3) === 0 ? ESCAPES : LETTERS)).join('')}"`
  }

  #gap(): string {
    return this.#draw.of(this.#space)
  }
}

// Twenty thousand events take some seconds, and several times as long on a machine that others use too.
describe('whatever is skimmed has the effect that JSON.parse finds:', { timeout: 30_000 }, () => {
  test('legal JSON of any spelling', () => {
    let skims = 0
    for (let i = 0; i < 20_000; i++) {
      const text = Buffer.from(new AnyEvent(new Draw(i)).text())
      const full = decoded(text)
      expect(full, `${text} is legal`).not.toBeNull()
      const result = skimmed(text)
      if (result === null) continue
      skims++
      expect(result, `${text}`).toEqual(full)
    }
    // Were few skimmed, this would prove little.
    expect(skims).toBeGreaterThan(2000)
  })

  test('chunks of servers with bytes changed, lost, repeated and moved', () => {
    const chunks = Object.values(SERVERS).map((chunk) => Buffer.from(chunk))
    let skims = 0
    for (let i = 0; i < 40_000; i++) {
      const draw = new Draw(i)
      const text = mutated(draw.of(chunks), draw)
      const result = skimmed(text)
      if (result === null) continue
      skims++
      expect(result, `${text}`).toEqual(decoded(text))
    }
    expect(skims).toBeGreaterThan(2000)
  })

  test.each(Object.entries(SERVERS))('in a stream of one form, %s', (_, chunk) => {
    const form = Buffer.from(chunk)
    let skims = 0
    for (let i = 0; i < 5000; i++) {
      // Its form is learned from those that are not changed.
      const draw = new Draw(i)
      const text = draw.below(2) === 0 ? form : mutated(form, draw)
      const result = skimmed(text)
      if (result === null) continue
      skims++
      expect(result, `${text}`).toEqual(decoded(text))
    }
    expect(skims).toBeGreaterThan(2500)
  })
})

function mutated(chunk: Buffer, draw: Draw): Buffer {
  let text = chunk
  for (let changes = 1 + draw.below(2); changes > 0; changes--) {
    const at = draw.below(text.length)
    const to = at + draw.below(Math.min(12, text.length - at))
    const [before, middle, behind] = [text.subarray(0, at), text.subarray(at, to), text.subarray(to)]
    const byte = Buffer.of(draw.of([...Buffer.from('"\\{}[],:0159eE+-. \n\tntfu'), draw.below(256)]))
    text = Buffer.concat(
      draw.of([
        [before, byte, behind],
        [before, behind],
        [before, middle, middle, behind],
        [before, behind, middle],
        [before, byte, middle, behind],
      ]),
    )
  }
  return text
}

test('an event that ends behind the bytes that were read is not skimmed', () => {
  const chunk = Buffer.from(SERVERS['vLLM, completions'])
  const skimmer = new ChunkSkimmer()
  expect(skimmer.skim(chunk, 0, chunk.length)).toBe(chunk.length)
  for (let end = 0; end < chunk.length; end++) expect(skimmer.skim(chunk, 0, end)).toBe(-1)
})

test('text that is skimmed and text that is parsed join in their order, halves of a character too', () => {
  const answer = new OpenAiAnswer(new Timeline(0, null), { keepText: true, thinkTags: false })
  for (const chunk of ['{"choices":[{"text":"a\\ud83d"}]}', '{"choices":[{"text":"\\ude00é"}]}']) {
    const bytes = Buffer.from(chunk)
    expect(answer.skim(bytes, 0, bytes.length)).toBe(bytes.length)
    answer.skimmed(bytes, 1)
  }
  answer.event({ choices: [{ index: 0, text: 'b', finish_reason: 'stop' }] }, 2)
  expect(answer.text).toBe('a😀éb')
})

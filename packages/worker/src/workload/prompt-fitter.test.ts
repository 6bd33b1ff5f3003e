import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { findTokenizer } from './find-tokenizer.js'
import { openLocalTokenizer } from './local-tokenizer.js'
import { PromptFitter } from './prompt-fitter.js'
import type { Tokenizer } from './tokenizer.js'
import { INSTRUCTION, OPENERS, PLAIN_WORDS, WORDS } from './vocabulary.js'

const FIXTURES = ['byte-level-bpe', 'space-marked-bpe', 'unigram'] as const

async function open(name: string, chat = false): Promise<Tokenizer> {
  const folder = fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
  return openLocalTokenizer(await findTokenizer(folder, { env: {}, onNote: () => {} }), chat)
}

/** One token for each word and each mark, as large vocabularies have it for common English. */
const wordCounter: Tokenizer = {
  kind: 'local',
  description: 'one token for each word and mark',
  unitsPerToken: 1,
  countPrompt: (prompt) => prompt.match(/\n\n|[A-Za-z]+|[.,]/g)?.length ?? 0,
  countText: null,
  close: async () => {},
}

/** The same tokenizer behind a server, with a note of every question. */
function served(tokenizer: Tokenizer): { tokenizer: Tokenizer; asked: string[] } {
  const asked: string[] = []
  const countPrompt = async (prompt: string) => {
    asked.push(prompt)
    return tokenizer.countPrompt(prompt)
  }
  return { tokenizer: { ...tokenizer, kind: 'server', countPrompt }, asked }
}

const fitterOf = (tokenizer: Tokenizer, promptTokens: number, more: { seed?: number; instruction?: string } = {}) =>
  PromptFitter.create({ tokenizer, promptTokens, seed: more.seed ?? 1, instruction: more.instruction ?? null })

async function textsOf(fitter: PromptFitter, indices: readonly number[]): Promise<string[]> {
  const texts: string[] = []
  for (const index of indices) texts.push((await fitter.prompt(index)).text)
  return texts
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('length', () => {
  const cases = FIXTURES.flatMap((name) => [false, true].map((chat) => ({ name, chat })))

  test.each(cases)('is exact with a $name tokenizer, chat: $chat', async ({ name, chat }) => {
    const tokenizer = await open(name, chat)
    for (const promptTokens of [40, 128, 333, 1000]) {
      const fitter = await fitterOf(tokenizer, promptTokens)
      for (const index of [0, 1, 2, 77, 123_456]) {
        const { text, tokens } = await fitter.prompt(index)
        expect([index, tokenizer.countPrompt(text), tokens]).toEqual([index, promptTokens, promptTokens])
      }
    }
  })

  test('is exact for every number of tokens from the least on', async () => {
    for (const promptTokens of range(80).slice(1)) {
      const fitter = await fitterOf(wordCounter, promptTokens)
      expect(wordCounter.countPrompt((await fitter.prompt(5)).text)).toBe(promptTokens)
    }
  })

  test('by an estimate is the number of characters, and nobody claims to know the tokens', async () => {
    const estimate: Tokenizer = {
      ...wordCounter,
      kind: 'estimate',
      unitsPerToken: 4,
      countPrompt: (prompt) => prompt.length,
    }
    const { text, tokens } = await (await fitterOf(estimate, 1000)).prompt(3)
    expect(text).toHaveLength(4000)
    expect(tokens).toBeNull()
  })

  test('that a single word exceeds is refused with the least that is possible', async () => {
    const tokenizer = await open('byte-level-bpe', true)
    const least = Number(await tokenizer.countPrompt('The'))
    await expect(fitterOf(tokenizer, least - 1)).rejects.toMatchObject({
      code: 'BAD_OPTIONS',
      message: expect.stringContaining(`a single word is ${least} tokens long`),
      hint: `ask for -p ${least} or more`,
    })
    expect((await (await fitterOf(tokenizer, least)).prompt(0)).text).toBe('The')
  })

  test('cannot be fitted with a tokenizer that counts no words', async () => {
    await expect(fitterOf({ ...wordCounter, countPrompt: () => 7 }, 100)).rejects.toMatchObject({ code: 'TOKENIZER' })
  })
})

describe('content', () => {
  let fitter: PromptFitter
  beforeAll(async () => {
    fitter = await fitterOf(wordCounter, 200)
  })

  test('follows from seed and index, whoever asks and in whichever order', async () => {
    const other = await fitterOf(wordCounter, 200)
    expect(await textsOf(other, [9, 4, 2])).toEqual((await textsOf(fitter, [2, 4, 9])).reverse())
  })

  test('is another one with another seed', async () => {
    const other = await fitterOf(wordCounter, 200, { seed: 2 })
    expect(await textsOf(other, range(5))).not.toEqual(await textsOf(fitter, range(5)))
  })

  test('begins with ten words that no other prompt has', async () => {
    const beginnings = (await textsOf(fitter, range(2000))).map((text) => text.split(' ').slice(0, 10).join(' '))
    expect(new Set(beginnings).size).toBe(2000)
  })

  test('shares hardly more than its first word with the prompts around it', async () => {
    const texts = (await textsOf(fitter, range(200))).map((text) => text.split(' '))
    const shared = texts.slice(1).map((words, i) => words.findIndex((word, at) => word !== texts[i]?.[at]))
    expect(Math.max(...shared)).toBe(1)
  })

  test('is prose: sentences and paragraphs of known words, and the instruction at the end', async () => {
    const { text } = await fitter.prompt(11)
    const paragraphs = text.split('\n\n')
    expect(paragraphs.at(-1)).toBe(INSTRUCTION)
    const story = paragraphs.slice(0, -1)
    for (const paragraph of story)
      expect(paragraph).toMatch(/^[A-Z][a-z]*,?( [A-Za-z]+,?)*(\. [A-Z][a-z]*,?( [A-Za-z]+,?)*)*\.$/)
    const known = new Set([...Object.values(WORDS).flat(), ...PLAIN_WORDS, ...Object.values(OPENERS).flat()])
    expect(
      story
        .join(' ')
        .match(/[A-Za-z]+/g)
        ?.filter((word) => !known.has(word)),
    ).toEqual([])
  })

  test('ends with the instruction that the user gives', async () => {
    const { text } = await (await fitterOf(wordCounter, 100, { instruction: 'Summarise.' })).prompt(0)
    expect(text).toMatch(/[a-z]\.\n\nSummarise\.$/)
  })

  test('has no instruction where there is no room for it, with one warning', async () => {
    const short = await fitterOf(wordCounter, 20)
    await textsOf(short, range(3))
    expect((await short.prompt(0)).text).toMatch(/^The .+[a-z]\.$/s)
    expect((await short.prompt(0)).text).not.toContain('Spanish')
    expect(short.warnings).toEqual([
      'prompts of 20 tokens have no room for the instruction at their end, which is left out; it needs -p 48 or more',
    ])
    expect((await fitterOf(wordCounter, 48)).warnings).toEqual([])
  })
})

describe('a server that counts', () => {
  test('is asked a handful of times for any number of prompts where words cost one token each', async () => {
    const { tokenizer, asked } = served(wordCounter)
    const fitter = await fitterOf(tokenizer, 1000)
    const texts = await textsOf(fitter, range(100))
    expect(asked).toHaveLength(8)
    expect(new Set(texts.map((text) => wordCounter.countPrompt(text)))).toEqual(new Set([1000]))
  })

  test('is asked for every prompt where words do not add up, and the prompts are exact', async () => {
    const local = await open('space-marked-bpe')
    const { tokenizer, asked } = served(local)
    const fitter = await fitterOf(tokenizer, 300)
    const askedBefore = asked.length
    const texts = await textsOf(fitter, range(10))
    expect(asked.length - askedBefore).toBeGreaterThanOrEqual(10)
    expect(texts.map((text) => local.countPrompt(text))).toEqual(texts.map(() => 300))
  })

  test('may fall silent during the run: the prompt goes out with its length unknown and a warning', async () => {
    let silent = false
    const local = await open('space-marked-bpe')
    const countPrompt = async (prompt: string) => {
      if (silent) throw new Error('HTTP 503: busy')
      return local.countPrompt(prompt)
    }
    const fitter = await fitterOf({ ...local, kind: 'server', countPrompt }, 300)
    silent = true
    expect(await fitter.prompt(20)).toMatchObject({ tokens: null })
    expect(fitter.warnings).toEqual(['some prompts may be a few tokens too long or too short: HTTP 503: busy'])
  })
})

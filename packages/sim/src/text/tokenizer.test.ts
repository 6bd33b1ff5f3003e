import { generatorAt } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { AnswerText } from './answer-text.js'
import { chatPrompt, idsPrompt, textPrompt } from './prompt.js'
import { countTokens, encode, SPECIAL_TOKENS, specialId, split, tokenText } from './tokenizer.js'

/** Texts of every kind of character, mixed at random. */
function randomText(index: number): string {
  const draw = generatorAt(1, 'tokenizer-test', index)
  const alphabet = ['a', 'Z', ' ', ' ', '\n', '\t', '7', '.', "'", 'é', 'ß', '漢', '🌊', '\0', '\u2028', '\ud800']
  return Array.from({ length: 40 }, () => alphabet[Math.floor(draw() * alphabet.length)]).join('')
}

describe('the tokenizer', () => {
  test.each([
    { text: '', pieces: [] },
    { text: 'word', pieces: ['word'] }, // four letters are one token
    { text: ' the end', pieces: [' the', ' end'] }, // a space belongs to the word after it
    { text: ' streaming', pieces: [' str', 'eami', 'ng'] }, // longer words are cut every four characters
    { text: 'a  b', pieces: ['a', ' ', ' b'] }, // of two spaces, only the second opens the word
    { text: 'pay 12%!', pieces: ['pay', ' ', '1', '2', '%', '!'] }, // digits and punctuation stand alone
    { text: 'café', pieces: ['caf', 'é'] }, // so does every letter outside ASCII
    { text: '🌊🌊', pieces: ['🌊', '🌊'] }, // and every code point, however many UTF-16 units it has
    { text: 'x\r\n', pieces: ['x', '\r', '\n'] },
  ])('cuts $text', ({ text, pieces }) => {
    expect(split(text)).toEqual(pieces)
    expect(countTokens(text)).toBe(pieces.length)
    expect(encode(text).map(tokenText)).toEqual(pieces)
  })

  test('gives back any text from its ids, which fit 29 bits', () => {
    for (let index = 0; index < 500; index++) {
      const text = randomText(index)
      const ids = encode(text)
      expect(ids.map(tokenText).join('')).toBe(text)
      expect(ids).toHaveLength(countTokens(text))
      expect(Math.max(...ids)).toBeLessThan(2 ** 29)
    }
  })

  test('has special tokens that no text makes', () => {
    expect(SPECIAL_TOKENS.map((token) => tokenText(specialId(token)))).toEqual(SPECIAL_TOKENS)
    expect(encode('<|user|>')).not.toContain(specialId('<|user|>'))
  })

  test.each([0, -1, 1.5, 2 ** 29, Number.NaN])('knows no token %d', (id) => {
    expect(tokenText(id)).toBeNull()
  })
})

describe('a prompt', () => {
  const messages = [
    { role: 'system', text: 'Be brief.' },
    { role: 'user', text: 'Why?' },
  ] as const

  test('of a chat has two tokens more for each message, and one to begin the answer', () => {
    expect(chatPrompt(messages).tokens).toBe(countTokens('Be brief.') + countTokens('Why?') + 2 * 2 + 1)
    const text = chatPrompt(messages).ids().map(tokenText).join('')
    expect(text).toBe('<|system|>Be brief.<|end|><|user|>Why?<|end|><|assistant|>')
  })

  test('counts what it would list', () => {
    const prompts = [textPrompt(' a café'), idsPrompt([5, 6]), chatPrompt(messages), chatPrompt(messages, false)]
    expect(prompts.map((prompt) => prompt.tokens)).toEqual(prompts.map((prompt) => prompt.ids().length))
  })
})

describe('the text of answers', () => {
  test('is tokenized into the very tokens it was cut from', () => {
    const text = new AnswerText(3)
    for (let i = 0; i < 200; i++) {
      const pieces = text.slice(text.startAt(i / 200), 1 + i).map((token) => token.text)
      expect(split(pieces.join(''))).toEqual(pieces)
    }
  })

  test('runs on over the end of its ring', () => {
    const text = new AnswerText(3)
    expect(text.slice(text.startAt(0.9999), 20_000)).toHaveLength(20_000)
  })

  test('follows from the seed', () => {
    const opening = (seed: number) => new AnswerText(seed).slice(0, 20).map((token) => token.text)
    expect(opening(1)).toEqual(opening(1))
    expect(opening(1)).not.toEqual(opening(2))
  })
})

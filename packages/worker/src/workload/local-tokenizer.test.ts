import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findTokenizer } from './find-tokenizer.js'
import { openLocalTokenizer } from './local-tokenizer.js'

/** What Hugging Face's own library counts; see fixtures/make-fixtures.py. */
interface Counted {
  readonly text: string
  readonly completion: number
  readonly plain: number
  readonly chat: number
}

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

async function open(folder: string, chat: boolean) {
  return openLocalTokenizer(await findTokenizer(folder, { env: {}, onNote: () => {} }), chat)
}

describe.each([
  'byte-level-bpe', // like Llama 3: pattern, byte alphabet, a token at the beginning
  'space-marked-bpe', // like Llama 2: no words, merges over the whole text, byte fallback
  'unigram', // like T5: likeliest pieces, a token at the end, the template in a file of its own
])('a %s tokenizer counts as the Python library does', (name) => {
  let rows: Counted[]
  beforeAll(async () => {
    rows = JSON.parse(await readFile(join(fixture(name), 'counts.json'), 'utf8'))
  })

  test('completions with the special tokens', async () => {
    const tokenizer = await open(fixture(name), false)
    expect(rows.map(({ text }) => [text, tokenizer.countPrompt(text)])).toEqual(
      rows.map((row) => [row.text, row.completion]),
    )
  })

  test('chat messages inside the template', async () => {
    const tokenizer = await open(fixture(name), true)
    expect(rows.map(({ text }) => [text, tokenizer.countPrompt(text)])).toEqual(rows.map((row) => [row.text, row.chat]))
  })

  test('generated text without anything around it', async () => {
    const tokenizer = await open(fixture(name), false)
    expect(rows.map(({ text }) => [text, tokenizer.countText?.(text)])).toEqual(
      rows.map((row) => [row.text, row.plain]),
    )
  })
})

test('no text is no token', async () => {
  const tokenizer = await open(fixture('unigram'), false)
  expect(tokenizer.countText?.('')).toBe(0)
})

test('a long text of a model that merges over whole texts is counted in milliseconds', async () => {
  const tokenizer = await open(fixture('space-marked-bpe'), false)
  const text = 'The quiet teacher carried an old lamp across the narrow bridge. '.repeat(2000)
  const startMs = performance.now()
  expect(tokenizer.countPrompt(text)).toBeGreaterThan(24_000)
  // Without cuts at spaces it takes more than ten times as long.
  expect(performance.now() - startMs).toBeLessThan(500)
})

describe('a tokenizer that cannot be used', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmload-tokenizer-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('a model without chat template cannot count chats, and the message says what to do', async () => {
    await copyFile(join(fixture('unigram'), 'tokenizer.json'), join(folder, 'tokenizer.json'))
    await expect(open(folder, true)).rejects.toMatchObject({
      code: 'TOKENIZER',
      message: `the tokenizer in ${folder} has no chat template, so the length of a chat prompt cannot be known`,
      hint: expect.stringContaining('chat_template.jinja'),
    })
    expect((await open(folder, false)).countPrompt('The day')).toBeGreaterThan(1)
  })

  test.each([
    { what: 'cut off', content: '{"version": "1.0", "model": {' },
    { what: 'no JSON object', content: '[1, 2]' },
    { what: 'another JSON file', content: '{"name": "config"}' },
  ])('a file that is $what is refused with its place', async ({ content }) => {
    await writeFile(join(folder, 'tokenizer.json'), content)
    await expect(open(folder, false)).rejects.toMatchObject({
      code: 'TOKENIZER',
      message: expect.stringMatching(`^the tokenizer.json in ${folder} cannot be used: .+`),
    })
  })
})

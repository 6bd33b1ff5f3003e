import { HostClock, systemClock } from '@llmload/core'
import { expect, test } from 'vitest'
import { StampAccount } from './stamp-account.js'
import { StampTap } from './stamp-tap.js'

const HOST = new HostClock(systemClock())
const ITL_MS = 20

/** A chunk as the simulator sends it at a time of our clock. */
const chunk = (sentMs: number) =>
  `data: {"id":"cmpl-1","sent_ns":${String(HOST.toNs(sentMs)).padStart(18)},"choices":[{"text":"x"}]}\n\n`

interface Read {
  readonly text: string
  readonly atMs: number
}

/** What an account says of an answer that came in these reads, each in the middle of a larger buffer. */
function accountOf(reads: readonly Read[]) {
  const account = new StampAccount(HOST, ITL_MS)
  const tap = new StampTap((complete) => account.add(complete))
  for (const { text, atMs } of reads) {
    const before = chunk(1)
    const bytes = Buffer.from(before + text + chunk(2))
    tap.data(bytes, atMs, before.length, before.length + text.length)
  }
  return account.toData(0)
}

test('errors are our stamps minus the true send times, apart for first chunk and end', () => {
  const {
    first,
    chunk: every,
    end,
  } = accountOf([
    { text: chunk(50), atMs: 50.3 },
    { text: chunk(70), atMs: 70.1 },
    { text: `${chunk(90)}data: [DONE]\n\n`, atMs: 90.2 },
  ])
  expect(first).toMatchObject({ count: 1, max: 300 })
  expect(end).toMatchObject({ count: 1, max: 200 })
  expect(every).toMatchObject({ count: 3, min: 100, sum: 600 })
})

test('several chunks in one read all have its stamp', () => {
  const { chunk: every } = accountOf([{ text: `${chunk(50)}${chunk(70)}data: [DONE]\n\n`, atMs: 71 }])
  expect(every).toMatchObject({ count: 2, min: 1000, max: 21_000 })
})

test('what the simulator sent late is its lateness and no error of ours', () => {
  const { chunk: every, late } = accountOf([
    { text: chunk(50), atMs: 50 },
    { text: chunk(78), atMs: 78 },
    { text: `${chunk(90)}data: [DONE]\n\n`, atMs: 90 },
  ])
  expect(every.max).toBe(0)
  expect(late).toMatchObject({ count: 3, min: 0, max: 8000 })
})

test('a stamp that a read cuts is left out, and an answer without [DONE] too', () => {
  const cut = chunk(50).indexOf(',"choices"') - 2
  const reads = [
    { text: chunk(50).slice(0, cut), atMs: 50 },
    { text: chunk(50).slice(cut), atMs: 50 },
  ]
  expect(accountOf(reads).chunk.count).toBe(0)
  expect(accountOf([...reads, { text: `${chunk(70)}data: [DONE]\n\n`, atMs: 70 }]).chunk.count).toBe(1)
})

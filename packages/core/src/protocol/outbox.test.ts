import { describe, expect, test } from 'vitest'
import { Inbox, Outbox } from './outbox.js'

interface Word {
  readonly type: 'word'
  readonly text: string
}
const word = (text: string): Word => ({ type: 'word', text })

describe('what one side says', () => {
  test('is numbered, and waits until the other has heard it', () => {
    const outbox = new Outbox<Word>()
    expect(['a', 'b', 'c'].map((text) => outbox.post(word(text)).n)).toEqual([1, 2, 3])
    outbox.heard(2)
    expect(outbox.waiting).toEqual([{ n: 3, ...word('c') }])
    outbox.heard(1) // late news
    expect(outbox.waiting).toHaveLength(1)
    outbox.heard(3)
    expect(outbox.waiting).toEqual([])
    expect(outbox.post(word('d')).n).toBe(4)
  })

  test('cannot have been heard before it was said', () => {
    const outbox = new Outbox<Word>()
    outbox.post(word('a'))
    expect(() => outbox.heard(2)).toThrow('it has heard number 2, and 1 was the last')
  })

  test('arrives once and in order, however often connections break in between', () => {
    const outbox = new Outbox<Word>()
    const inbox = new Inbox()
    const heard: string[] = []
    const deliver = (count: number) => {
      for (const { n, text } of outbox.waiting.slice(0, count)) if (inbox.takes(n)) heard.push(text)
    }
    for (const [said, arrived, confirmed] of [
      [3, 2, 0], // two of three arrive, and nobody confirms
      [2, 4, 1],
      [0, 5, 4],
      [4, 0, 0],
      [0, 9, 9],
    ] as const) {
      for (let i = 0; i < said; i++) outbox.post(word(`${outbox.waiting.length}`))
      deliver(arrived)
      outbox.heard(Math.min(confirmed, inbox.last))
    }
    expect(inbox.last).toBe(9)
    expect(heard).toHaveLength(9)
    expect(outbox.waiting).toEqual([])
  })
})

describe('what the other side hears', () => {
  test('it takes once', () => {
    const inbox = new Inbox()
    expect([1, 1, 2, 1, 2, 3].map((n) => inbox.takes(n))).toEqual([true, false, true, false, false, true])
    expect(inbox.last).toBe(3)
  })

  test('must have no gap', () => {
    const inbox = new Inbox()
    inbox.takes(1)
    expect(() => inbox.takes(3)).toThrow('number 3 after number 1')
    expect(inbox.takes(2)).toBe(true)
  })

  test('may have no number, where it is worth nothing later', () => {
    expect(new Inbox().takes(undefined)).toBe(true)
  })
})

import { describe, expect, test } from 'vitest'
import { ThinkTags } from './think-tags.js'

/** What each piece brings: r = thoughts, v = visible, u = an end without a begin. */
function read(...pieces: string[]): string[] {
  const tags = new ThinkTags()
  return pieces.map((piece) => {
    tags.read(piece)
    return `${tags.endedUnbegun ? 'u' : ''}${tags.reasons ? 'r' : ''}${tags.visible ? 'v' : ''}`
  })
}

test.each<{ story: string; pieces: string[]; brought: string[] }>([
  { story: 'text without tags', pieces: ['a', ' ', 'b'], brought: ['v', '', 'v'] },
  {
    story: 'thoughts, then text',
    pieces: ['<think>', '\n', 'hm', '</think>', '\n\n', 'a'],
    brought: ['', '', 'r', '', '', 'v'],
  },
  { story: 'both in one piece', pieces: ['<think>hm</think>a'], brought: ['rv'] },
  {
    story: 'tags cut anywhere',
    pieces: ['<', 'thi', 'nk>h', 'm<', '/think', '>a'],
    brought: ['', '', 'r', 'r', '', 'v'],
  },
  { story: 'what only looks like a tag', pieces: ['a <', 'b', '<thin', 'g>'], brought: ['v', 'v', '', 'v'] },
  { story: 'an end whose begin is in the prompt', pieces: ['hm', 'm</think>', 'a'], brought: ['v', 'ur', 'v'] },
  { story: 'the same in one piece', pieces: ['hm</think>a'], brought: ['urv'] },
  { story: 'thoughts twice', pieces: ['<think>a</think>b', '<think>c', '</think>d'], brought: ['rv', 'r', 'v'] },
  { story: 'no thoughts at all', pieces: ['<think>\n\n</think>\n\n', 'a'], brought: ['', 'v'] },
])('$story', ({ pieces, brought }) => expect(read(...pieces)).toEqual(brought))

describe('wherever the text is cut', () => {
  const text = 'x <think>a < b</think> c <thinking>'
  test.each(Array.from({ length: text.length + 1 }, (_, at) => at))('at %i it brings both', (at) => {
    const brought = read(text.slice(0, at), text.slice(at)).join('')
    expect(brought).toContain('r')
    expect(brought).toContain('v')
    expect(brought).not.toContain('u')
  })
})

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MAX_LINES = 400
/** Written by a tool or recorded: nobody reads them from top to bottom. */
const NOT_WRITTEN_BY_HAND = /(^|\/)fixtures\/|^package-lock\.json$|\.schema\.json$|^docs\/(cli|metrics|errors)\.md$/

const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  .toString()
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)))

const linesOf = (file: string) => readFileSync(join(ROOT, file), 'utf8').split('\n')

/** `file:line: [text](target)` of each link whose file does not exist. */
function deadLinks(file: string): string[] {
  return linesOf(file).flatMap((line, i) => {
    const targets = [...line.matchAll(/\]\(<?([^)\s>]+)/g)].map((match) => match[1] ?? '')
    const dead = targets.filter((target) => !isElsewhere(target) && !existsSync(pathOf(file, target)))
    return dead.map((target) => `${file}:${i + 1}: ${target}`)
  })
}

const isElsewhere = (target: string) => /^([a-z]+:|#)/i.test(target)

function pathOf(file: string, target: string): string {
  const path = decodeURIComponent(target.replace(/[?#].*$/, ''))
  return path.startsWith('/') ? join(ROOT, path) : join(ROOT, dirname(file), path)
}

describe('the house', () => {
  test('every relative link in a Markdown file leads to a file', () => {
    const pages = files.filter((file) => file.endsWith('.md') && !file.includes('/fixtures/'))
    expect(pages.flatMap(deadLinks)).toEqual([])
  })

  test(`no file that people read has more than ${MAX_LINES} lines`, () => {
    const long = files
      .filter((file) => !NOT_WRITTEN_BY_HAND.test(file))
      .map((file) => ({ file, lines: linesOf(file).length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES)
    expect(long.map(({ file, lines }) => `${file}: ${lines} lines`)).toEqual([])
  })
})

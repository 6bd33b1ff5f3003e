import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { QUIRK_LIST, QUIRK_NAMES } from './table.js'

describe('the table of quirks', () => {
  test('has names as they stand on a command line, each once', () => {
    expect(QUIRK_NAMES.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([])
    expect(new Set(QUIRK_NAMES).size).toBe(QUIRK_NAMES.length)
  })

  test('stands in docs/simulator.md, as it is', async () => {
    const docs = await readFile(new URL('../../../../docs/simulator.md', import.meta.url), 'utf8')
    const rows = [...docs.matchAll(/^\|[^|]*\|[^|]*\| `([a-z0-9-]+)` \| (.*) \|$/gm)]
    expect(rows.map(([, name, sends]) => ({ name, sends }))).toEqual(
      QUIRK_LIST.map(({ name, sends }) => ({ name, sends })),
    )
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { percentileLabel } from './percentile-table.js'
import {
  compareCodePoints,
  formatFixed,
  formatInt,
  padEndCodePoints,
  printable,
  pythonFloat,
  pythonString,
} from './python-format.js'

type Vectors = Record<'fixed2' | 'fixed6' | 'truncated' | 'repr' | 'percentileLabels', [value: number, text: string][]>

const PYTHON: Vectors = JSON.parse(readFileSync(new URL('fixtures/python-numbers.json', import.meta.url), 'utf8'))

describe('formatFixed', () => {
  test.each(PYTHON.fixed2)('%d with two decimals is %s', (value, text) => {
    expect(formatFixed(value, 2)).toBe(text)
  })

  test.each(PYTHON.fixed6)('%d with six decimals is %s', (value, text) => {
    expect(formatFixed(value, 6)).toBe(text)
  })

  test.each([
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [0.25, 1, '0.2'],
    [0.75, 1, '0.8'],
    [-0.125, 2, '-0.12'],
    [-0.001, 2, '-0.00'],
    [9.995, 2, '9.99'], // the nearest double is just below the tie
    [99.9999, 2, '100.00'],
    [2 ** 40 + 0.125, 2, '1099511627776.12'],
    [1e21, 2, '1000000000000000000000.00'], // toFixed answers 1e+21
    [1e22, 0, '10000000000000000000000'],
    [Number.NaN, 2, 'nan'],
    [Number.NEGATIVE_INFINITY, 2, '-inf'],
  ])('%d with %d decimals is %s', (value, digits, text) => {
    expect(formatFixed(value, digits)).toBe(text)
  })
})

describe('formatInt', () => {
  test.each([...PYTHON.truncated, [-0.9, '0'], [-51.7, '-51'], [1e21, '1000000000000000000000']] as const)(
    '%d is cut to %s',
    (value, text) => {
      expect(formatInt(value)).toBe(text)
    },
  )

  test('what is no number is refused', () => {
    expect(() => formatInt(Number.NaN)).toThrow(RangeError)
  })
})

describe('pythonFloat', () => {
  test.each([
    ...PYTHON.repr,
    [-0, '-0.0'],
    [-1.5, '-1.5'],
    [0.1 + 0.2, '0.30000000000000004'],
    [9999999999999998, '9999999999999998.0'],
    [123456789012345680000, '1.2345678901234568e+20'],
    [5e-324, '5e-324'],
    [0.00012345, '0.00012345'],
    [100, '100.0'],
    [Number.NaN, 'nan'],
    [Number.POSITIVE_INFINITY, 'inf'],
  ] as const)('%d is %s', (value, text) => {
    expect(pythonFloat(value)).toBe(text)
  })

  test('every text reads back as the same number', () => {
    for (let i = 0; i < 2000; i++) {
      const value = Math.sin(i + 1) * 10 ** ((i % 40) - 20)
      expect(Number(pythonFloat(value))).toBe(value)
    }
  })
})

describe('percentileLabel', () => {
  test.each(PYTHON.percentileLabels)('%d is %s', (p, label) => {
    expect(percentileLabel(p)).toBe(label)
  })
})

describe('texts', () => {
  test.each([
    ['boom', "'boom'"],
    ["don't", `"don't"`],
    [`don't say "no"`, `'don\\'t say "no"'`],
    ['back\\slash', "'back\\\\slash'"],
    ['two\nlines\tand\r\0', "'two\\nlines\\tand\\r\\x00'"],
    ['caf\u00e9 \u{1f600}', "'caf\u00e9 \u{1f600}'"],
    ['no\u00a0break \u2028 \u{e0001}', "'no\\xa0break \\u2028 \\U000e0001'"],
  ])('Python’s repr of %j is %s', (text, repr) => {
    expect(pythonString(text)).toBe(repr)
  })

  test('a foreign text cannot break the line or steer the terminal, and stays readable otherwise', () => {
    expect(printable('\u001b[2Jgone\r\nnext \u202e')).toBe('\\x1b[2Jgone\\r\\nnext \\u202e')
    expect(printable('模型\u3000过载 “é” C:\\tmp')).toBe('模型\u3000过载 “é” C:\\tmp')
  })

  test('padding counts code points and never cuts', () => {
    expect(padEndCodePoints('😀😀', 4)).toBe('😀😀  ')
    expect(padEndCodePoints('too long', 3)).toBe('too long')
  })

  test('order is that of code points, not of UTF-16', () => {
    const texts = ['latency', '/v1/x', '\u{1f600}', '\uffff', '', 'Z', 'lat']
    expect(texts.toSorted(compareCodePoints)).toEqual(['', '/v1/x', 'Z', 'lat', 'latency', '\uffff', '\u{1f600}'])
  })
})

import { describe, expect, test } from 'vitest'
import { csvRow, parseCsv } from './csv.js'

describe('csvRow', () => {
  test.each([
    [['a', 'b'], 'a,b\r\n'],
    [['normal(100, 30)', ''], '"normal(100, 30)",\r\n'],
    [['say "no"', 'two\nlines', 'cr\r'], '"say ""no""","two\nlines","cr\r"\r\n'],
    [[' spaces ', "it's"], " spaces ,it's\r\n"],
    [[''], '""\r\n'], // an empty line would be no row
    [['', ''], ',\r\n'],
  ])('%j is written as %j', (fields, text) => {
    expect(csvRow(fields)).toBe(text)
  })
})

describe('parseCsv', () => {
  test.each([
    [
      'a,b\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a\rb\r', [['a'], ['b']]],
    ['"x\r\ny",z\r\n', [['x\r\ny', 'z']]],
    ['"say ""no""","",\n', [['say "no"', '', '']]],
    [
      'a,\n,b\n',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['a,', [['a', '']]],
    ['\r\n\n""\n', [['']]],
    ['"quoted"rest,b\n', [['quotedrest', 'b']]],
    ['in"side,b\n', [['in"side', 'b']]],
    ['"never closed,\nx', [['never closed,\nx']]],
    ['', []],
  ])('%j has the rows %j', (text, rows) => {
    expect([...parseCsv(text)]).toEqual(rows)
  })

  test('what was written is read', () => {
    const rows = [['', ''], [''], ['"', ',', '\r\n'], ['a"b', 'c,d', 'e\nf'], ['plain', '😀']]
    expect([...parseCsv(rows.map(csvRow).join(''))]).toEqual(rows)
  })
})

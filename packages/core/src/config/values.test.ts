import { describe, expect, test } from 'vitest'
import { option, readSettings, type Setting } from './option.js'
import {
  choice,
  credential,
  decimal,
  fingerprint,
  flag,
  headers,
  hosts,
  integer,
  orInfinite,
  serverUrl,
  span,
  type ValueType,
} from './values.js'

const read = (type: ValueType<unknown>, text: string): unknown => {
  const parsed = type.parse(text)
  return 'value' in parsed ? parsed.value : `must be ${parsed.expected}`
}

const hintOf = (type: ValueType<unknown>, text: string): string | undefined => {
  const parsed = type.parse(text)
  return 'expected' in parsed ? parsed.hint : undefined
}

describe('a time span', () => {
  test.each([
    { text: '90', seconds: 90 }, // bare digits are seconds
    { text: '0s', seconds: 0 },
    { text: '30s', seconds: 30 },
    { text: '2m', seconds: 120 },
    { text: '1min', seconds: 60 }, // llm_bench's README writes it so, and Locust took it until 2.44.4
    { text: '1h20m', seconds: 4800 },
    { text: '3h30m10s', seconds: 12_610 },
    { text: '1h3m7s', seconds: 3787 },
    { text: '500ms', seconds: 0.5 },
    { text: '1s500ms', seconds: 1.5 },
    { text: '1.5m', seconds: 90 },
    { text: '0.25', seconds: 0.25 },
  ])('$text is $seconds s', ({ text, seconds }) => {
    expect(read(span({}), text)).toBeCloseTo(seconds, 9)
  })

  test.each([
    '', // nothing
    'q',
    '1h30', // 30 of what?
    '30m45',
    '2 m',
    '5d', // no day ever ends here
    '1H',
    '-5',
    '10s1m', // the wrong way round
    '1.2.3s',
    'ms',
    'Infinity',
  ])("'%s' is none", (text) => {
    expect(read(span({}), text)).toBe('must be a time span')
    expect(hintOf(span({}), text)).toContain('1h30m')
  })

  test('one that must be above 0 says so', () => {
    expect(read(span({ above: 0 }), '0s')).toBe('must be a time span above 0')
  })
})

describe('a number', () => {
  test.each([
    { text: '8', value: 8 },
    { text: '-1', value: -1 },
    { text: '08', value: 8 },
    { text: '1e3', value: 'must be a whole number of at least -1' }, // a person who means 1000 writes it
    { text: '0x10', value: 'must be a whole number of at least -1' },
    { text: '1.0', value: 'must be a whole number of at least -1' },
    { text: '-2', value: 'must be a whole number of at least -1' },
    { text: '', value: 'must be a whole number of at least -1' },
    { text: '99999999999999999999', value: 'must be a whole number of at least -1' }, // would be rounded in silence
  ])("whole: '$text' is $value", ({ text, value }) => {
    expect(read(integer({ min: -1 }), text)).toBe(value)
  })

  test.each([
    { text: '1.0', value: 1 },
    { text: '.5', value: 0.5 },
    { text: '2e-1', value: 0.2 },
    { text: '0', value: 'must be a number above 0' },
    { text: 'NaN', value: 'must be a number above 0' },
    { text: 'Infinity', value: 'must be a number above 0' },
    { text: '1e999', value: 'must be a number above 0' },
    { text: '1,5', value: 'must be a number above 0' },
    { text: ' ', value: 'must be a number above 0' },
  ])("decimal: '$text' is $value", ({ text, value }) => {
    expect(read(decimal({ above: 0 }), text)).toBe(value)
  })

  test('a range is named with both ends, which belong to it', () => {
    const ratio = decimal({ min: 0, max: 1 })
    expect(['0', '1', '1.01'].map((text) => read(ratio, text))).toEqual([0, 1, 'must be a number from 0 to 1'])
    expect(read(decimal({ above: 0, max: 9 }), '10')).toBe('must be a number above 0, at most 9')
  })

  test('where infinity means something it is inf', () => {
    const shape = orInfinite(decimal({ min: 1 }))
    expect(['inf', 'Infinity', '+INF', '2'].map((text) => read(shape, text))).toEqual([Infinity, Infinity, Infinity, 2])
    expect(read(shape, '-inf')).toBe('must be a number of at least 1, or inf')
  })
})

test('switches take the words of Locust, in any case', () => {
  expect(['true', 'Yes', '1', 'FALSE', 'no', '0'].map((text) => read(flag, text))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ])
  expect(read(flag, 'maybe')).toBe('must be true, yes or 1, or false, no or 0')
})

test('a choice lists its words and does not mind their case', () => {
  expect(read(choice(['INFO', 'DEBUG']), 'debug')).toBe('DEBUG')
  expect(read(choice(['INFO', 'DEBUG']), 'loud')).toBe('must be one of INFO, DEBUG')
})

describe('the server’s URL', () => {
  test.each([
    { text: 'http://localhost:8000', url: 'http://localhost:8000' },
    { text: 'http://localhost:8000/', url: 'http://localhost:8000' },
    { text: 'https://gateway.example/team/llm//', url: 'https://gateway.example/team/llm' }, // prefix of a gateway
    { text: 'http://[::1]:8000', url: 'http://[::1]:8000' },
    { text: 'HTTPS://API.OPENAI.COM:443', url: 'https://api.openai.com' },
    { text: 'sim', url: null },
  ])('$text is $url', ({ text, url }) => {
    expect(read(serverUrl, text)).toBe(url)
  })

  test.each([
    { text: 'localhost:8000', hint: 'did you mean http://localhost:8000?' }, // a URL of the scheme `localhost`, else
    { text: '10.0.0.1', hint: 'did you mean http://10.0.0.1?' },
    { text: 'http://localhost:8000/v1/', hint: 'write http://localhost:8000' }, // else /v1/v1/completions
    { text: 'http://me:pw@host', hint: 'give them by LLMLOAD_HEADER, as authorization:Basic …' },
  ])('$text is refused with the way out', ({ text, hint }) => {
    expect(hintOf(serverUrl, text)).toBe(hint)
  })

  test.each(['ftp://host', 'http://', 'http://host:99999', '://', 'http://host/?a=b', 'http://host/#a', ''])(
    "'%s' is refused",
    (text) => {
      expect(read(serverUrl, text)).toMatch(/^must be a/)
    },
  )
})

describe('headers', () => {
  test('are split at the first colon and trimmed, one per line', () => {
    expect(read(headers, 'X-A: b:c \n\nx-empty:\n')).toEqual([
      ['X-A', 'b:c'],
      ['x-empty', ''],
    ])
  })

  test.each([
    { text: 'Bearer abc', problem: 'must be a name and a value with a colon between them' },
    { text: 'x team:a', problem: "must be named with letters, digits and dashes only, not 'x team'" },
    { text: 'Content-Length:5', problem: 'must be another header than Content-Length, which llmload sets itself' },
    { text: 'x-a:snow ☃', problem: 'must be a header of visible characters; the value of x-a has others' },
  ])('$text: $problem', ({ text, problem }) => {
    expect(read(headers, text)).toBe(problem)
  })
})

test('a key is trimmed, and an empty one is a mistake', () => {
  expect(read(credential, ' sk-1\n')).toBe('sk-1')
  expect(read(credential, ' ')).toBe('must be more than an empty text')
})

test.each([
  [`sha256:${'ab'.repeat(32)}`],
  [`SHA256:${'AB'.repeat(32)}`],
  [`sha256=${'AB:'.repeat(31)}AB`], // OpenSSL's
  [`${'AB:'.repeat(31)}AB`],
])('%s is a fingerprint', (text) => {
  expect(read(fingerprint, text)).toBe(`sha256:${'ab'.repeat(32)}`)
})

test.each(['', 'sha256:', 'sha256:abcd', `sha1:${'ab'.repeat(32)}`, `sha256:${'xy'.repeat(32)}`])(
  '%s is none',
  (text) => {
    expect(read(fingerprint, text)).toBe('must be sha256: and 64 hexadecimal digits')
  },
)

test('hosts are taken with and without a port, in lower case', () => {
  expect(read(hosts, 'GPU-1\n 10.0.0.1:8000 \n[::1]\n')).toEqual(['gpu-1', '10.0.0.1:8000', '[::1]'])
  expect(read(hosts, '')).toEqual([])
})

test.each(['http://gpu-1', 'gpu-1/path', 'user@gpu-1', 'gpu-1:port', 'a b', '::1'])('%s is no host', (text) => {
  expect(read(hosts, text)).toBe('must be a host, with or without a port')
})

test.each([
  ['http://me:pass/word@x y', 'http://…@x y'],
  ['me:pass@word@gpu-1:8000', '…@gpu-1:8000'],
  ['ftp://me:pa//ss@gpu-1', 'ftp://…@gpu-1'],
])('the password of a wrong URL, as in %s, is not repeated', (url, shown) => {
  const setting: Setting = { option: 'host', typed: '-H', source: 'flag', text: url }
  const { problems } = readSettings(
    { host: option({ group: { title: '' }, type: serverUrl, default: null, help: '' }) },
    [setting],
  )
  expect(problems[0]?.message).toMatch(new RegExp(`, not '${shown}'$`))
  expect(JSON.stringify(problems)).not.toMatch(/pass?/)
})

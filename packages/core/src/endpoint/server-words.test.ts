import { expect, test } from 'vitest'
import { quote, serverWords } from './server-words.js'

test.each<{ story: string; body: string; words: string }>([
  {
    story: 'OpenAI and vLLM',
    body: '{"error":{"message":"model not found","type":"x","code":404}}',
    words: 'model not found',
  },
  { story: 'an error that is a string', body: '{"error":"boom"}', words: 'boom' },
  { story: 'vLLM of old', body: '{"object":"error","message":"too long","code":400}', words: 'too long' },
  { story: 'FastAPI', body: '{"detail":"Not Found"}', words: 'Not Found' },
  {
    story: 'FastAPI on a bad field',
    body: '{"detail":[{"loc":["n"],"msg":"too big"},{"msg":"bad"}]}',
    words: 'too big; bad',
  },
  { story: 'an error in an unknown shape', body: '{"error":{"code":7}}', words: '{"code":7}' },
  {
    story: 'an nginx page',
    body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n',
    words: '502 Bad Gateway',
  },
  { story: 'plain text', body: '\nno healthy upstream\nmore', words: 'no healthy upstream' },
  { story: 'nothing', body: '', words: '' },
])('the words of $story', ({ body, words }) => {
  expect(serverWords(body)).toBe(words)
})

test('a quotation is one line of at most 200 characters', () => {
  expect(quote('  a\r\n\tb ')).toBe('a b')
  expect(quote('a\u001b[2Jb\u009b1m')).toBe('a [2Jb 1m')
  expect(quote('x'.repeat(500))).toBe(`${'x'.repeat(199)}…`)
})

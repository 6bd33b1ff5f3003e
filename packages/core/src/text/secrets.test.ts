import { expect, test } from 'vitest'
import { hideSecrets, secretTexts } from './secrets.js'

const SECRETS = {
  apiKey: 'sk-secret-1',
  headers: [
    ['authorization', 'Basic c2VjcmV0'],
    ['x-team', 'ops'],
  ],
} as const

test.each([
  ['invalid key sk-secret-1.', 'invalid key [hidden].'],
  ['Basic c2VjcmV0', '[hidden]'],
  ['no user c2VjcmV0', 'no user [hidden]'], // as some servers quote it, without its scheme
  ['{"token":"to\\"ken"}', '{"token":"[hidden]"}'],
  ['ops is no secret, nor is Basic', 'ops is no secret, nor is Basic'],
])('%s is shown as %s', (text, shown) => {
  expect(hideSecrets(text, secretTexts(SECRETS, 'to"ken', null))).toBe(shown)
})

import { expect, test } from 'vitest'
import { retryAfterS } from './retry-after.js'

const NOW = 'Sun, 06 Nov 1994 08:49:37 GMT'
const NOW_MS = Date.parse(NOW)

test.each<{ story: string; retryAfter: string; date?: string; seconds: number | null }>([
  { story: 'seconds', retryAfter: '120', seconds: 120 },
  { story: 'none', retryAfter: '0', seconds: 0 },
  { story: 'a fraction, which the standard does not know', retryAfter: '0.5', seconds: 0.5 },
  {
    story: 'a date, by our clock where the server tells none',
    retryAfter: 'Sun, 06 Nov 1994 08:50:07 GMT',
    seconds: 30,
  },
  {
    story: 'a date, by the server’s clock where it tells it',
    retryAfter: 'Sun, 06 Nov 1994 09:00:00 GMT',
    date: 'Sun, 06 Nov 1994 08:59:58 GMT',
    seconds: 2,
  },
  { story: 'a date in the spelling of RFC 850', retryAfter: 'Sunday, 06-Nov-94 08:49:42 GMT', seconds: 5 },
  { story: 'a date that has passed', retryAfter: 'Sun, 06 Nov 1994 08:00:00 GMT', seconds: 0 },
  { story: 'two headers at once', retryAfter: '7, 7', seconds: null },
  { story: 'less than nothing', retryAfter: '-5', seconds: null },
  { story: 'more digits than any number has', retryAfter: '9'.repeat(400), seconds: null },
  { story: 'words', retryAfter: 'later', seconds: null },
])('$story', ({ retryAfter, date = '', seconds }) => {
  expect(retryAfterS(retryAfter, date, NOW_MS)).toBe(seconds)
})

import { OPTIONS } from '@llmload/core'
import { expect, test } from 'vitest'
import { nearest } from './nearest.js'

test.each([
  { word: 'usres', meant: 'users' },
  { word: 'qsp', meant: 'qps' }, // two letters swapped
  { word: 'max-req', meant: 'max-requests' }, // an abbreviation
  { word: 'sumary-file', meant: 'summary-file' },
  { word: 'temprature', meant: 'temperature' },
  { word: 'autostart', meant: undefined }, // Locust's, which resembles none of ours
  { word: 'web-host', meant: undefined },
  { word: 'x', meant: undefined },
])('$word was meant to be $meant', ({ word, meant }) => {
  expect(nearest(word, Object.keys(OPTIONS))).toBe(meant)
})

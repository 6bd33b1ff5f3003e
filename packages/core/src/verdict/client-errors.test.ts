import { expect, test } from 'vitest'
import { isClientError } from './client-errors.js'

test.each([
  'too many open files; raise ulimit -n (EMFILE)',
  'too many open files on this host (ENFILE)',
  'no free local port (EADDRNOTAVAIL)',
  'connection reset before the answer (ENOBUFS)',
  'ENOBUFS',
])('%s: our own fault', (message) => {
  expect(isClientError(message)).toBe(true)
})

test.each([
  'connection refused (ECONNREFUSED)',
  'HTTP 500: accept failed (EMFILE)',
  'HTTP 503: EMFILE',
  'worker died: EMFILE',
])('%s: not ours', (message) => {
  expect(isClientError(message)).toBe(false)
})

import type { Secrets } from '@llmload/core'
import { expect, test } from 'vitest'
import { planOf } from '../../../../test/support/loopback.js'
import { requestHead } from './request-head.js'

function headOf(baseUrl: string, headers: Secrets['headers'], bodyBytes: number): string {
  const plan = planOf(baseUrl, { target: { chat: true } })
  return requestHead(plan, { apiKey: null, headers })(bodyBytes).toString('latin1')
}

test('a request is one line, host, our headers, the given ones and the length', () => {
  expect(headOf('https://h:8443/a%20b/', [['X-A', 'caf\xe9']], 15)).toBe(
    [
      'POST /a%20b/v1/chat/completions HTTP/1.1',
      'host: h:8443',
      'connection: keep-alive',
      'content-type: application/json',
      'accept: */*',
      'accept-encoding: identity',
      'user-agent: llmload',
      'X-A: caf\xe9',
      'content-length: 15',
      '',
      '',
    ].join('\r\n'),
  )
})

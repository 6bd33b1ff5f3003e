import { type Plan, requestPath, type Secrets } from '@llmload/core'
import { requestHeaders } from './request-headers.js'

/**
 * What stands before a body of so many bytes. All but that number is made here, once, and the last
 * head is kept for a body of the same size. Throws a LoadError BAD_OPTIONS on headers that cannot be sent.
 */
export function requestHead({ target }: Plan, secrets: Secrets): (bodyBytes: number) => Buffer {
  const { host, pathname } = new URL(target.baseUrl)
  const lines = [`POST ${pathname.replace(/\/$/, '')}${requestPath(target)} HTTP/1.1`]
  const given = secrets.headers.map(([name]) => name.toLowerCase())
  if (!given.includes('host')) lines.push(`host: ${host}`)
  if (!given.includes('connection')) lines.push('connection: keep-alive')
  const headers = requestHeaders(secrets)
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`)
  const begin = `${lines.join('\r\n')}\r\ncontent-length: `
  let last = { bodyBytes: -1, head: Buffer.alloc(0) }
  return (bodyBytes) => {
    if (bodyBytes !== last.bodyBytes) last = { bodyBytes, head: Buffer.from(`${begin}${bodyBytes}\r\n\r\n`, 'latin1') }
    return last.head
  }
}

import type { Failure } from '@llmload/core'
import { ConnectionClosedError, NotHttpError } from './connection-errors.js'

/** How far a request had come when its connection failed: not connected, no status yet, or inside the body. */
export type Phase = 'connecting' | 'waiting' | 'reading'

/** Why a connection was not made, by error code. Others are told by their code alone. */
const CONNECT_WORDS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset while connecting',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'no answer from the name server',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connection attempt timed out',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'connection attempt timed out',
  EMFILE: 'too many open files; raise ulimit -n',
  ENFILE: 'too many open files on this host',
  EADDRNOTAVAIL: 'no free local port',
}

/** Error codes of OpenSSL and of node:tls, among them those of certificates. */
const TLS_CODE = /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_|INVALID_|EPROTO)/

/**
 * The class and words of an error of the connection. The words hold no address, port or id, so that
 * equal failures are counted as one.
 */
export function transportFailure(error: Error, phase: Phase): Failure {
  const code = codeOf(error)
  if (phase === 'connecting') return connectFailure(error, code)
  const where = phase === 'waiting' ? 'before the answer' : 'in mid-answer'
  if (error instanceof ConnectionClosedError) {
    return { class: phase === 'waiting' ? 'reset' : 'truncated', message: `connection closed ${where}` }
  }
  if (error instanceof NotHttpError) return { class: 'parse', message: `answer is not HTTP/1.1: ${error.message}` }
  if (code === '') return { class: 'parse', message: `answer could not be read: ${error.message}` }
  return { class: 'reset', message: `connection reset ${where} (${code})` }
}

function connectFailure(error: Error, code: string): Failure {
  if (TLS_CODE.test(code)) return { class: 'tls', message: `${tlsReason(error)} (${code})` }
  // node:tls has no code of its own for this.
  if (error.message.includes('before secure TLS connection')) {
    return { class: 'tls', message: 'connection closed during the TLS handshake' }
  }
  const words = CONNECT_WORDS[code]
  return { class: 'connect', message: words ? `${words} (${code})` : code || error.message }
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** OpenSSL's messages hold the id of a thread; its reason does not. Node 24 adds advice on its own options. */
function tlsReason(error: Error): string {
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message
  return reason.replace(/; if .*/, '')
}

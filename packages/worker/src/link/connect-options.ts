import type { ClientRequestArgs } from 'node:http'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { LoadError, MAX_FRAME_BYTES, messageOf, SILENCE_LIMIT_MS } from '@llmload/core'
import type { ClientOptions } from 'ws'

/** Where the master is, what to show it, and how to know it. */
export interface MasterAddress {
  /** `ws://host:port/worker`, or `wss` for TLS. */
  readonly url: string
  readonly token: string | null
  /** With `wss`; if not given, the master needs a certificate of an authority that Node trusts, for its host name. */
  readonly trust?: MasterTrust
}

type MasterTrust =
  /** Exactly this certificate, `sha256:` and hex digits, whoever made it and for whatever name. */
  | { readonly fingerprint: string }
  /** A certificate for its host name of one of these authorities, PEM. */
  | { readonly authorities: string }

/**
 * How a WebSocket to the master is opened. Where its certificate is pinned, nothing is sent, the
 * token included, before it was compared.
 */
export function connectOptions(address: MasterAddress): ClientRequestArgs & Omit<ClientOptions, 'createConnection'> {
  const { token, trust } = address
  return {
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    handshakeTimeout: SILENCE_LIMIT_MS,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    ...(trust && 'authorities' in trust && { ca: trust.authorities }),
    ...(trust && 'fingerprint' in trust && { createConnection: pinned(address.url, trust.fingerprint) }),
  }
}

/** Why the connection could not be opened: MASTER_REFUSED if the master cannot be trusted, else MASTER_UNREACHABLE. */
export function connectError(error: Error & { code?: string }, { url }: MasterAddress): LoadError {
  if (error instanceof LoadError) return error
  if (UNTRUSTED.has(error.code ?? '')) {
    return new LoadError(
      'MASTER_REFUSED',
      `the certificate of the master at ${url} is not to be trusted: ${error.message}`,
      'give its fingerprint, which the master prints, as --master-fingerprint, or its authority as --tls-ca',
      { cause: error },
    )
  }
  if (/wrong version number|packet length too long/.test(error.message)) {
    return new LoadError(
      'MASTER_UNREACHABLE',
      `what answers at ${url} does not speak TLS`,
      'start the master with --tls, or the worker without --tls, --tls-ca and --master-fingerprint',
      { cause: error },
    )
  }
  return new LoadError(
    'MASTER_UNREACHABLE',
    `no connection to the master at ${url}: ${messageOf(error)}`,
    `start the master first, and check --master-host and --master-port${url.startsWith('ws:') ? ', and whether it expects --tls' : ''}`,
    { cause: error },
  )
}

/** What OpenSSL and Node have against a certificate. */
const UNTRUSTED = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function pinned(url: string, fingerprint: string): NonNullable<ClientRequestArgs['createConnection']> {
  return ({ host, port }, onConnected) => {
    const servername = isIP(host ?? '') ? '' : (host ?? '')
    // Nobody has to vouch for the certificate: it is compared as a whole.
    const socket = connect({ host: host ?? '', port: Number(port), servername, rejectUnauthorized: false })
    const fail = (error: Error): void => {
      socket.destroy()
      onConnected(error, socket)
    }
    socket.once('error', fail)
    socket.setTimeout(SILENCE_LIMIT_MS, () => fail(new Error('no TLS within 10 s')))
    socket.once('secureConnect', () => {
      const found = fingerprintOf(socket.getPeerX509Certificate()?.fingerprint256)
      if (found !== fingerprint) return fail(wrongCertificate(url, fingerprint, found))
      socket.off('error', fail)
      socket.setTimeout(0)
      onConnected(null, socket)
    })
    return null
  }
}

const fingerprintOf = (hex = ''): string => `sha256:${hex.replaceAll(':', '').toLowerCase()}`

function wrongCertificate(url: string, wanted: string, found: string): LoadError {
  return new LoadError(
    'MASTER_REFUSED',
    `the master at ${url} shows the certificate ${found}, not ${wanted}`,
    'copy the command that this master prints: a certificate that it makes is another one for each run; if it is the right one, someone sits in between',
  )
}

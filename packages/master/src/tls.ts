import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { type Clock, LoadError, messageOf, type TlsConfig } from '@llmload/core'
import { selfMadeCertificate } from './self-made-certificate.js'

/** What the master shows to those who connect by TLS. */
export interface TlsIdentity {
  /** PEM. */
  readonly key: string
  /** PEM; may go on with those of the authorities behind it. */
  readonly certificate: string
  /** `sha256:` and the digest of the certificate in hex: who knows it needs no authority. */
  readonly fingerprint: string
}

/**
 * The certificate and key of the files, or some that are made now. Throws BAD_OPTIONS for files that
 * cannot be read or are something else, that do not fit together, or whose time is over.
 */
export function tlsIdentity({ certFile, keyFile }: TlsConfig, clock: Clock): TlsIdentity {
  const nowMs = clock.wallMs(clock.nowMs())
  if (certFile === null || keyFile === null) {
    const made = selfMadeCertificate(['localhost', hostname()], nowMs)
    return { ...made, fingerprint: fingerprintOf(new X509Certificate(made.certificate)) }
  }
  const certificate = readPem('--tls-cert', certFile)
  const key = readPem('--tls-key', keyFile)
  const x509 = parseCertificate(certificate, certFile)
  if (!x509.checkPrivateKey(parseKey(key, keyFile))) {
    throw new LoadError(
      'BAD_OPTIONS',
      `the key in ${keyFile} is not that of the certificate in ${certFile}`,
      'give --tls-key the key that the certificate was made with; the certificate itself has to be the first in its file',
    )
  }
  checkTime(x509, certFile, nowMs)
  return { key, certificate, fingerprint: fingerprintOf(x509) }
}

const fingerprintOf = ({ fingerprint256 }: X509Certificate): string =>
  `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`

function readPem(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new LoadError('BAD_OPTIONS', `${option} cannot be read: ${messageOf(error)}`, `give ${option} a file in PEM`)
  }
}

function parseCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    const hint = 'it has to begin with -----BEGIN CERTIFICATE-----'
    throw new LoadError('BAD_OPTIONS', `there is no certificate in ${file}: ${messageOf(error)}`, hint)
  }
}

function parseKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    const hint = pem.includes('ENCRYPTED')
      ? `it has a passphrase: take it off with openssl pkey -in ${file}, into a file that only you may read`
      : 'it has to begin with -----BEGIN PRIVATE KEY-----, or with EC or RSA in it'
    throw new LoadError('BAD_OPTIONS', `there is no private key to be used in ${file}: ${messageOf(error)}`, hint)
  }
}

function checkTime({ validFrom, validTo }: X509Certificate, file: string, nowMs: number): void {
  if (Date.parse(validFrom) <= nowMs && nowMs <= Date.parse(validTo)) return
  throw new LoadError(
    'BAD_OPTIONS',
    `the certificate in ${file} is valid from ${validFrom} to ${validTo}, and not now`,
    'renew it, or give --tls alone: the master then makes one for the run',
  )
}

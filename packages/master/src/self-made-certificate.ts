import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** Clocks of two hosts may differ by so much. */
const DAY_MS = 24 * 3600 * 1000
const VALID_DAYS = 365

/** Tags and object identifiers of DER (X.690) as far as one certificate needs them. */
const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OBJECT_IDENTIFIER = 0x06
const UTF8_STRING = 0x0c
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const SEQUENCE = 0x30
const SET = 0x31
const CONTEXT_0 = 0xa0
const CONTEXT_3 = 0xa3
const DNS_NAME = 0x82
const ECDSA_WITH_SHA256 = oid('2a8648ce3d040302')
const COMMON_NAME = oid('550403')
const SUBJECT_ALT_NAME = oid('551d11')

/**
 * A key and a certificate (PEM) that it has signed itself, RFC 5280: nobody vouches for it, so it
 * is worth something only to those who know its fingerprint.
 */
export function selfMadeCertificate(
  hostNames: readonly string[],
  wallMs: number,
): { key: string; certificate: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(SEQUENCE, ECDSA_WITH_SHA256)
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('llmload master')))))
  const names = der(SEQUENCE, ...hostNames.map((hostName) => der(DNS_NAME, Buffer.from(hostName))))
  const body = der(
    SEQUENCE,
    der(CONTEXT_0, der(INTEGER, Buffer.of(2))), // version 3
    der(INTEGER, serialNumber()),
    algorithm,
    name,
    der(SEQUENCE, time(wallMs - DAY_MS), time(wallMs + VALID_DAYS * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(CONTEXT_3, der(SEQUENCE, der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, names)))),
  )
  const signature = der(BIT_STRING, Buffer.of(0), sign('sha256', body, privateKey))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: pem(der(SEQUENCE, body, algorithm, signature)),
  }
}

/** One value: its tag, its length and its content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(tag, ...derLength(content.length)), content])
}

function derLength(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function oid(hex: string): Buffer {
  return der(OBJECT_IDENTIFIER, Buffer.from(hex, 'hex'))
}

/** 127 random bits, as a positive number without leading zeros. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}

/** With two digits for the year until 2049, as RFC 5280 has it. */
function time(wallMs: number): Buffer {
  const digits = `${new Date(wallMs).toISOString().replace(/\.\d+|\D/g, '')}Z`
  return digits < '2050' ? der(UTC_TIME, Buffer.from(digits.slice(2))) : der(GENERALIZED_TIME, Buffer.from(digits))
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

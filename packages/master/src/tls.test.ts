import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, type TlsConfig } from '@llmload/core'
import { afterAll, describe, expect, test } from 'vitest'
import { selfMadeCertificate } from './self-made-certificate.js'
import { tlsIdentity } from './tls.js'

const clock = systemClock()
const nowMs = clock.wallMs(clock.nowMs())
const folder = mkdtempSync(join(tmpdir(), 'llmload-tls-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const NONE: TlsConfig = { certFile: null, keyFile: null, masterFingerprint: null, caFile: null }
const identityOf = (certFile: string, keyFile: string) => tlsIdentity({ ...NONE, certFile, keyFile }, clock)

const YEAR_MS = 365 * 24 * 3600 * 1000
const made = selfMadeCertificate(['localhost'], nowMs)
const certificate = file('certificate', made.certificate)
const key = file('key', made.key)

describe('a certificate that is made for a run', () => {
  const x509 = new X509Certificate(tlsIdentity(NONE, clock).certificate)

  test('is signed with its own key', () => {
    const identity = tlsIdentity(NONE, clock)
    const own = new X509Certificate(identity.certificate)
    expect(own.checkPrivateKey(createPrivateKey(identity.key))).toBe(true)
    expect(own.verify(own.publicKey)).toBe(true)
    expect(own.checkIssued(own)).toBe(true)
  })

  test('names this host, and is valid from yesterday on for a year', () => {
    expect(x509.subjectAltName).toBe(`DNS:localhost, DNS:${hostname()}`)
    expect(x509.subject).toBe('CN=llmload master')
    expect(Date.parse(x509.validFrom)).toBeLessThan(nowMs - YEAR_MS / 400)
    expect(Date.parse(x509.validTo) - nowMs).toBeGreaterThan(YEAR_MS - 10_000)
  })

  test('is another one each time', () => {
    const [one, two] = [tlsIdentity(NONE, clock), tlsIdentity(NONE, clock)]
    expect(one.fingerprint).toMatch(/^sha256:[\da-f]{64}$/)
    expect(one.fingerprint).not.toBe(two.fingerprint)
    expect(new X509Certificate(one.certificate).serialNumber).not.toBe(
      new X509Certificate(two.certificate).serialNumber,
    )
  })

  test('has its dates right in the years to come', () => {
    const { certificate } = selfMadeCertificate(['a'], Date.UTC(2049, 11, 31, 12))
    const { validFrom, validTo } = new X509Certificate(certificate)
    expect([validFrom, validTo]).toEqual(['Dec 30 12:00:00 2049 GMT', 'Dec 31 12:00:00 2050 GMT'])
  })

  test('may have many and long names', () => {
    const names = Array.from({ length: 20 }, (_, i) => `${'h'.repeat(60)}${i}`)
    const { subjectAltName } = new X509Certificate(selfMadeCertificate(names, nowMs).certificate)
    expect(subjectAltName).toBe(names.map((name) => `DNS:${name}`).join(', '))
  })
})

describe('a certificate that is given', () => {
  test('is used with its key, and has a fingerprint', () => {
    const { fingerprint256 } = new X509Certificate(made.certificate)
    expect(identityOf(certificate, key)).toEqual({
      ...made,
      fingerprint: `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`,
    })
  })

  test('may be followed by those behind it, but not stand behind them', () => {
    const other = selfMadeCertificate(['authority'], nowMs).certificate
    expect(identityOf(file('chain', made.certificate + other), key)).toMatchObject({ key: made.key })
    expect(() => identityOf(file('reversed', other + made.certificate), key)).toThrow(/is not that of the certificate/)
  })

  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const withPassphrase = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  const expired = selfMadeCertificate(['a'], nowMs - 2 * YEAR_MS)
  const early = selfMadeCertificate(['a'], nowMs + YEAR_MS)

  test.each([
    {
      story: 'a file that is not there',
      files: [join(folder, 'none'), key],
      message: /^--tls-cert cannot be read: ENOENT/,
    },
    { story: 'no key file', files: [certificate, join(folder, 'none')], message: /^--tls-key cannot be read: ENOENT/ },
    { story: 'the two swapped', files: [key, certificate], message: /^there is no certificate in \S+\/key: / },
    { story: 'a certificate as the key', files: [certificate, certificate], message: /^there is no private key / },
    { story: 'an empty file', files: [file('empty', ''), key], message: /^there is no certificate in \S+\/empty: / },
    {
      story: 'a key with a passphrase',
      files: [certificate, file('locked', String(withPassphrase))],
      message: /^there is no private key to be used in \S+\/locked: /,
      hint: /openssl pkey/,
    },
    {
      story: 'the key of another certificate',
      files: [certificate, file('other', selfMadeCertificate(['localhost'], nowMs).key)],
      message: /^the key in \S+\/other is not that of the certificate in \S+\/certificate$/,
    },
    {
      story: 'a certificate whose time is over',
      files: [file('expired', expired.certificate), file('expired-key', expired.key)],
      message: /^the certificate in \S+\/expired is valid from .* to .*, and not now$/,
    },
    {
      story: 'a certificate whose time has not come',
      files: [file('early', early.certificate), file('early-key', early.key)],
      message: /not now$/,
    },
  ])('is an error of the option with $story', ({ files: [certFile = '', keyFile = ''], message, hint = /./ }) => {
    expect(() => identityOf(certFile, keyFile)).toThrow(
      expect.objectContaining({
        code: 'BAD_OPTIONS',
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      }),
    )
  })
})

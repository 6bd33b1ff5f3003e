import { readFileSync } from 'node:fs'
import { type FleetConfig, LoadError, messageOf, type TlsConfig } from '@llmload/core'
import type { MasterAddress } from '@llmload/worker'

/** Where a worker finds its master, and how it knows it. Throws BAD_OPTIONS if the file of --tls-ca cannot be read. */
export function masterAddress({ masterHost, masterPort, token, tls }: FleetConfig): MasterAddress {
  const host = masterHost.includes(':') ? `[${masterHost}]` : masterHost
  const trust = tls && trustOf(tls)
  return { url: `${tls ? 'wss' : 'ws'}://${host}:${masterPort}/worker`, token, ...(trust && { trust }) }
}

function trustOf({ masterFingerprint: fingerprint, caFile }: TlsConfig): MasterAddress['trust'] | null {
  if (fingerprint !== null) return { fingerprint }
  return caFile === null ? null : { authorities: readAuthorities(caFile) }
}

function readAuthorities(file: string): string {
  const hint = 'give --tls-ca a file with certificates in PEM'
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (error) {
    throw new LoadError('BAD_OPTIONS', `--tls-ca cannot be read: ${messageOf(error)}`, hint)
  }
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
  throw new LoadError('BAD_OPTIONS', `there is no certificate in ${file}`, hint)
}

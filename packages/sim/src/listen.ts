import type { AddressInfo, Server } from 'node:net'
import { LoadError, messageOf } from '@llmload/core'

/** As many connections may wait to be accepted; with Node's 511 a burst of a thousand users is turned away. */
const BACKLOG = 4096

/** Where to listen. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Resolves when the server listens; throws a `LoadError`: PORT_IN_USE, or BAD_OPTIONS where the host is none of this machine. */
export function listen(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)))
    server.listen({ host, port, backlog: BACKLOG }, resolve)
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): LoadError {
  const options = { cause: error }
  if (error.code === 'EADDRINUSE') {
    const hint = 'end the program that listens there, or choose another port with --port (0 takes any free one)'
    return new LoadError('PORT_IN_USE', `port ${port} of ${host} is in use`, hint, options)
  }
  if (error.code === 'EACCES') {
    const hint = 'choose a port of 1024 or more with --port'
    return new LoadError('PORT_IN_USE', `not allowed to listen on port ${port} of ${host}`, hint, options)
  }
  const hint = 'choose an address of this machine with --host'
  return new LoadError('BAD_OPTIONS', `cannot listen on ${host}: ${messageOf(error)}`, hint, options)
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** Who listens on all addresses is reached on the loopback one. */
export function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

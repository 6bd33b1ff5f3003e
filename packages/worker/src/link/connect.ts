import { LoadError } from '@llmload/core'
import { WebSocket } from 'ws'
import { connectError, connectOptions, type MasterAddress } from './connect-options.js'

/** Opens a connection to the master; throws MASTER_UNREACHABLE or, for one that turns the worker away or is not to be trusted, MASTER_REFUSED. */
export function connect(address: MasterAddress): Promise<WebSocket> {
  const socket = new WebSocket(address.url, connectOptions(address))
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.off('error', fail)
      resolve(socket)
    })
    socket.once('unexpected-response', (_request, response) => {
      const problem = `the master at ${address.url} refused the connection: HTTP ${response.statusCode}`
      reject(new LoadError('MASTER_REFUSED', problem, 'set LLMLOAD_TOKEN to the token that the master printed'))
      socket.terminate()
    })
    const fail = (error: Error) => reject(connectError(error, address))
    socket.once('error', fail)
  })
}

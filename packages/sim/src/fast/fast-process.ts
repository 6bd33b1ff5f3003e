import type { Socket } from 'node:net'
import { systemClock } from '@llmload/core'
import type { SimOptions } from '../options.js'
import { reportOf } from './fast-report.js'
import { FastServer } from './fast-server.js'

/** One of several processes of a fast simulator: it serves the connections that its parent hands it. */

/** What the parent says: first the options, then connections, at last that it wants the report. */
export type ToFastProcess = { readonly options: SimOptions } | 'connection' | 'report'

let server: FastServer | null = null

process.on('message', (message: ToFastProcess, socket: Socket | undefined) => {
  if (message === 'report') {
    if (server) process.send?.(reportOf(server))
  } else if (message !== 'connection') {
    server = new FastServer(message.options, systemClock())
  } else if (socket) {
    server?.accept(socket)
    socket.resume()
  }
})
process.on('disconnect', () => server?.close())
// Ctrl-C reaches all processes of a terminal: the parent still wants the report.
process.on('SIGINT', () => undefined)

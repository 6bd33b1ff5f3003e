import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type Clock, systemClock } from '@llmload/core'
import { listen, portOf, urlOf } from '../listen.js'
import type { SimOptions } from '../options.js'
import type { ToFastProcess } from './fast-process.js'
import { type FastReport, fastSummary, reportOf } from './fast-report.js'
import { FastServer } from './fast-server.js'

/** A running simulator in its fast mode. */
export interface FastSim {
  readonly url: string
  readonly port: number
  /** Cuts what is open and frees the port. Resolves with what it did, in a sentence. */
  close(): Promise<string>
}

/** Who serves the connections. */
interface Servers {
  accept(socket: Socket): void
  close(): Promise<readonly FastReport[]>
}

/** Starts a simulator that does little, but a lot of it. Throws a `LoadError` like `startSim`. */
export async function startFastSim(options: SimOptions, clock: Clock = systemClock()): Promise<FastSim> {
  const servers = options.processes > 1 ? forkServers(options) : ownServer(options, clock)
  // Where they are handed on, nothing may be read here.
  const server = createServer({ pauseOnConnect: options.processes > 1 }, (socket) => servers.accept(socket))
  try {
    await listen(server, options)
  } catch (error) {
    await servers.close()
    throw error
  }
  const port = portOf(server)
  return {
    url: urlOf(options.host, port),
    port,
    close: async () => {
      server.close()
      return fastSummary(await servers.close())
    },
  }
}

function ownServer(options: SimOptions, clock: Clock): Servers {
  const server = new FastServer(options, clock)
  return {
    accept: (socket) => server.accept(socket),
    close: () => {
      server.close()
      return Promise.resolve([reportOf(server)])
    },
  }
}

/** Connections go to the processes in turn. */
function forkServers(options: SimOptions): Servers {
  const children = Array.from({ length: options.processes }, () => fork(new URL('./fast-process.js', import.meta.url)))
  for (const child of children) tell(child, { options })
  let next = 0
  return {
    accept: (socket) => {
      const child = children[next++ % children.length]
      if (child) tell(child, 'connection', socket)
    },
    close: () => Promise.all(children.map(endChild)),
  }
}

function tell(child: ChildProcess, message: ToFastProcess, socket?: Socket): void {
  child.send(message, socket)
}

async function endChild(child: ChildProcess): Promise<FastReport> {
  tell(child, 'report')
  const [report]: FastReport[] = await once(child, 'message')
  const exited = once(child, 'exit')
  child.disconnect()
  await exited
  if (report === undefined) throw new Error('a process of the simulator did not report')
  return report
}

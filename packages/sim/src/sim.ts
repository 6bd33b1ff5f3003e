import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type Clock, LoadError, messageOf, systemClock } from '@llmload/core'
import { Scheduler } from './engine/scheduler.js'
import { parseSimOptions, type SimOptions } from './options.js'
import { Counters, type SimStats } from './server/counters.js'
import { Exchange } from './server/exchange.js'
import { admit } from './server/front-door.js'
import { Generator } from './server/generator.js'
import { routes } from './server/routes.js'
import { TruthLog } from './server/truth-log.js'

/** A running simulator. */
export interface Sim {
  readonly url: string
  readonly port: number
  /** What it has done so far. */
  readonly stats: SimStats
  /** Cuts what is open, frees the port and completes the truth log. */
  close(): Promise<void>
}

/** As many connections may wait to be accepted; with Node's 511 a burst of a thousand users is turned away. */
const BACKLOG = 4096

/**
 * Starts an inference server that generates text of no meaning at a known pace. Options that are not
 * given have the defaults of the option table. Throws a `LoadError`: PORT_IN_USE, BAD_OPTIONS where
 * the host is none of this machine, OUTPUT_FILE for the truth log.
 */
export async function startSim(options: Partial<SimOptions> = {}, clock: Clock = systemClock()): Promise<Sim> {
  const settings = { ...parseSimOptions({}).options, ...options }
  const truthLog = settings.truthLog === null ? null : await TruthLog.open(settings.truthLog, clock)
  const scheduler = new Scheduler(clock)
  const counters = new Counters()
  const stats = () => counters.stats(scheduler.latenessUs)
  const frontDoor = {
    apiKey: settings.apiKey,
    routes: routes({
      generator: new Generator(settings, clock, scheduler),
      limits: settings,
      version: ownVersion(),
      startedS: Math.floor(clock.wallMs(clock.nowMs()) / 1000),
      stats,
    }),
  }

  const onEnd = (exchange: Exchange) => {
    counters.ended(exchange)
    truthLog?.write(exchange)
  }
  const server = createServer((request, response) => {
    const exchange = new Exchange(request, response, clock, onEnd)
    counters.received(exchange)
    void admit(exchange, frontDoor)
  })
  const close = async () => {
    scheduler.close()
    for (const exchange of counters.open) exchange.destroy('closed')
    await stopListening(server)
    await truthLog?.close()
  }

  try {
    await listen(server, settings)
  } catch (error) {
    await truthLog?.close()
    throw error
  }
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | null = null
  return {
    url: urlOf(settings.host, port),
    port,
    get stats() {
      return stats()
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

function listen(server: Server, { host, port }: SimOptions): Promise<void> {
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

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** Who listens on all addresses is reached on the loopback one. */
function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

function ownVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('../package.json')
  return version
}

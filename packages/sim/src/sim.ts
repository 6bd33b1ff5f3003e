import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { type Clock, HostClock, systemClock } from '@llmload/core'
import { Batch } from './engine/batch.js'
import { latenessText } from './engine/lateness.js'
import { PrefixCache } from './engine/prefix-cache.js'
import { Scheduler } from './engine/scheduler.js'
import { listen, portOf, urlOf } from './listen.js'
import { parseSimOptions, type SimOptions } from './options.js'
import { Counters, type SimStats } from './server/counters.js'
import { Exchange } from './server/exchange.js'
import { admit } from './server/front-door.js'
import { Generator } from './server/generator.js'
import { metricsPage } from './server/metrics-page.js'
import { routes } from './server/routes.js'
import { Stamps } from './server/stamps.js'
import { TruthLog } from './server/truth-log.js'

/** A running simulator. */
export interface Sim {
  readonly url: string
  readonly port: number
  /** What it has done so far. */
  readonly stats: SimStats
  /** Cuts what is open, frees the port and completes the truth log. Resolves with what it did, in a sentence. */
  close(): Promise<string>
}

/**
 * Starts an inference server that generates text of no meaning at a known pace. Options that are not
 * given have the defaults of the option table. Throws a `LoadError`: PORT_IN_USE, BAD_OPTIONS where
 * the host is none of this machine, OUTPUT_FILE for the truth log.
 */
export async function startSim(options: Partial<SimOptions> = {}, clock: Clock = systemClock()): Promise<Sim> {
  const settings = { ...parseSimOptions({}).options, ...options }
  const host = new HostClock(clock)
  const truthLog = settings.truthLog === null ? null : await TruthLog.open(settings.truthLog, clock, host)
  const stamps = settings.stampChunks ? new Stamps(host) : null
  const scheduler = new Scheduler(clock)
  const batch = new Batch(settings.maxNumSeqs ?? Number.POSITIVE_INFINITY)
  const cache = new PrefixCache(settings.prefixCacheTokens)
  const counters = new Counters(batch, cache, settings.contextLength)
  const startedMs = clock.wallMs(clock.nowMs())
  const stats = () => counters.stats(scheduler.latenessUs)
  const frontDoor = {
    apiKey: settings.apiKey,
    digestBodies: truthLog !== null,
    routes: routes({
      generator: new Generator({ options: settings, clock, scheduler, batch, cache }),
      limits: settings,
      version: ownVersion(),
      startedS: Math.floor(startedMs / 1000),
      metrics: () =>
        metricsPage({
          model: settings.model,
          startedS: startedMs / 1000,
          stats: stats(),
          histograms: counters.histograms.all,
        }),
    }),
  }

  const onEnd = (exchange: Exchange) => {
    counters.ended(exchange)
    truthLog?.write(exchange)
  }
  const server = createServer((request, response) => {
    const exchange = new Exchange(request, response, clock, onEnd, stamps)
    counters.received(exchange)
    void admit(exchange, frontDoor)
  })
  const close = async () => {
    scheduler.close()
    for (const exchange of counters.open) exchange.destroy('closed')
    await stopListening(server)
    await truthLog?.close()
    const { requests, sentTokens } = stats()
    return `${sentTokens} tokens in ${requests} requests; ${latenessText(scheduler.latenessUs)}`
  }

  try {
    await listen(server, settings)
  } catch (error) {
    await truthLog?.close()
    throw error
  }
  const port = portOf(server)
  let closing: Promise<string> | null = null
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

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function ownVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('../package.json')
  return version
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Orders, parseOrder } from '@llmload/core'
import type { Route } from '../listen.js'
import type { LoadControl } from '../load-control.js'
import { ApiError, answerJson, readJson } from './json-answer.js'
import { EXPOSITIONS, expositionOf, writeFamilies } from './prometheus-text.js'
import { runMetrics } from './run-metrics.js'
import { type RunSources, snapshotOf } from './run-snapshot.js'
import { runStatus } from './run-status.js'

/** What a master answers over HTTP about its run, and takes as orders. `docs/api.md` is for who asks. */
export function runRoutes(run: RunSources): Route[] {
  return [
    { method: 'GET', path: '/metrics', role: 'viewer', handle: (request, response) => scrape(run, request, response) },
    {
      ...{ method: 'GET', path: '/api/status', role: 'viewer' },
      handle: (_request, response) => answerJson(response, () => runStatus(run)),
    },
    {
      ...{ method: 'GET', path: '/api/history', role: 'viewer' },
      handle: (request, response) => answerJson(response, () => historyOf(run, request)),
    },
    {
      ...{ method: 'POST', path: '/api/load', role: 'controller' },
      handle: (request, response) =>
        answerJson(response, async () => {
          const level = orderOf('level', await readJson(request))
          return controlOf(run).changeLevel(level)
        }),
    },
    {
      ...{ method: 'POST', path: '/api/stop', role: 'controller' },
      handle: (request, response) =>
        answerJson(response, async () => {
          const { now } = orderOf('stop', await readJson(request))
          controlOf(run).stop({ now, reason: 'POST /api/stop' })
          return { stopping: true, now }
        }),
    },
  ]
}

function scrape(run: RunSources, { headers: { accept } }: IncomingMessage, response: ServerResponse): void {
  const exposition = expositionOf(accept)
  response.writeHead(200, { 'content-type': EXPOSITIONS[exposition], 'cache-control': 'no-store' })
  response.end(writeFamilies(runMetrics(snapshotOf(run)), exposition))
}

/** All of it, or what began at or after `?fromS=`. */
function historyOf({ plan, ledger, clock, phase }: RunSources, { url = '' }: IncomingMessage) {
  const text = new URL(url, 'http://master').searchParams.get('fromS') ?? '0'
  const fromS = Number(text)
  if (!Number.isFinite(fromS)) {
    throw new ApiError(
      400,
      'BAD_REQUEST',
      `fromS must be a number of seconds, not '${text}'`,
      'ask /api/history?fromS=60',
    )
  }
  const points = phase.current === 'reporting' ? ledger.history.points() : ledger.history.points(clock.nowMs())
  return { runId: plan.runId, points: points.filter((point) => point.fromS >= fromS) }
}

function controlOf({ control, phase }: RunSources): LoadControl {
  if (control !== null) return control
  throw new ApiError(409, 'NOT_LOADING', `the run is ${phase.current}: there is no load to change`, 'ask /api/status')
}

const EXAMPLES: Readonly<Record<keyof Orders, string>> = {
  level: '{"qps": 20, "users": 200}',
  stop: '{"now": true}, or nothing',
}

function orderOf<Kind extends keyof Orders>(kind: Kind, body: unknown): Orders[Kind] {
  const parsed = parseOrder(kind, body)
  if ('order' in parsed) return parsed.order
  throw new ApiError(400, 'BAD_REQUEST', parsed.problem, `send ${EXAMPLES[kind]}`)
}

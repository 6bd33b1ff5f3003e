import { answerNotes } from './answer-notes.js'
import { hintsOf } from './failure-hints.js'
import { fleetNotes } from './fleet-notes.js'
import type { RunReport, WindowEnd } from './run-report.js'

/** Where tokens were counted, in words. */
const SOURCE_WORDS = {
  usage: 'the server’s usage',
  logprobs: 'logprobs in the answers',
  token_ids: 'token ids in the answers',
  tokenizer: 'the tokenizer, on the whole text',
  chunks: 'the events of the stream: an estimate, an event may carry several tokens',
} as const satisfies Record<keyof RunReport['requests']['tokenSources'], string>

/** What a reader of the numbers should know, in sentences. */
export function notesOf(report: Omit<RunReport, 'notes'>): string[] {
  return [
    ...windowNotes(report),
    ...countNotes(report),
    ...tokenNotes(report),
    ...answerNotes(report),
    ...workerNotes(report),
    ...fleetNotes(report),
    ...hintsOf(report),
  ]
}

/** How the window ended, where that was not as planned. */
const END_WORDS = {
  'run-time': '',
  'max-requests': ', until all requests asked for were over',
  interrupted: ', until interrupted',
  stopped: ', until stopped',
  aborted: ', until aborted',
  'worker-lost': ', until a worker was lost',
  'workers-lost': ', until no worker was left',
  unfinished: ', up to where its numbers were saved last',
} as const satisfies Record<WindowEnd, string>

function windowNotes({ window, plan }: Omit<RunReport, 'notes'>): string[] {
  const length = `${window.lengthS.toFixed(1)} s`
  const end = END_WORDS[window.endedBy] + (window.endReason === null ? '' : ` (${window.endReason})`)
  if (window.phase === 'ramp') {
    return [
      `these are the numbers of the ramp: it was measured for ${length} from the start${end}, before ${plan.load.warmupS > 0 ? 'the warm-up was over' : 'all users were spawned'}`,
    ]
  }
  const from =
    plan.load.warmupS > 0
      ? `after all users were spawned and a warm-up of ${plan.load.warmupS} s`
      : 'from the moment all users were spawned'
  const excluded = window.rampRequests > 0 ? `; ${window.rampRequests} requests sent before that are not shown` : ''
  return [`measured for ${length} ${from}${end}${excluded}`]
}

function countNotes({
  requests: { sent, succeeded, failed, censored, late },
  reasons,
}: Omit<RunReport, 'notes'>): string[] {
  const notes: string[] = []
  const isReason = (code: string): boolean => reasons.some((reason) => reason.code === code)
  if (late > 0 && !isReason('late_arrivals'))
    notes.push(`${late} of ${sent} arrivals were late: no user was free when they were due`)
  const unreported = sent - succeeded - failed - censored
  if (unreported > 0) notes.push(`what became of ${unreported} requests is unknown: their worker was lost`)
  if (succeeded === 0) notes.push('no request was answered in full')
  return notes
}

function tokenNotes({ requests: { tokenSources, succeeded } }: Omit<RunReport, 'notes'>): string[] {
  const notes: string[] = []
  let counted = 0
  for (const [source, words] of Object.entries(SOURCE_WORDS) as [keyof typeof SOURCE_WORDS, string][]) {
    const requests = tokenSources[source] ?? 0
    counted += requests
    if (requests > 0) notes.push(`tokens of ${requests} answers counted by ${words}`)
  }
  if (counted < succeeded) notes.push(`tokens of ${succeeded - counted} answers could not be counted`)
  return notes
}

function workerNotes({ workers }: Omit<RunReport, 'notes'>): string[] {
  const tokenizers = new Set(workers.flatMap(({ tokenizer }) => tokenizer ?? []))
  const warnings = new Set(workers.flatMap((worker) => worker.warnings))
  return [...[...tokenizers].map((tokenizer) => `prompt lengths: ${tokenizer}`), ...warnings]
}

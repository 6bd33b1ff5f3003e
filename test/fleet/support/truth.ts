import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Plan, requestBody } from '../../../packages/core/src/index.js'
import { startSim } from '../../../packages/sim/src/index.js'
import { openTokenizer } from '../../../packages/worker/src/workload/open-tokenizer.js'
import { PromptFitter } from '../../../packages/worker/src/workload/prompt-fitter.js'

/** A generation that reached the simulator, by its own log. */
export interface Seen {
  /** Address of the host that sent it. */
  readonly peer: string
  /** Digest of its body; null = it was cut off before that had arrived. */
  readonly digest: string | null
  /** Unix milliseconds. */
  readonly receivedMs: number
  /** When the simulator was done with it, or lost it. */
  readonly endMs: number
  /** Whether it was answered in full. */
  readonly answered: boolean
}

/** What a simulator that has ended saw of generations, in the order of their arrival. */
export function readTruth(path: string): Seen[] {
  const [first = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const { monotonic_ns, wall_ms } = JSON.parse(first).anchor
  const wallMs = (ns: number): number => wall_ms + (ns - monotonic_ns) / 1e6
  return lines
    .map((line) => JSON.parse(line))
    .filter((line) => line.path.endsWith('/completions'))
    .map((line) => ({
      peer: line.peer,
      digest: line.body_sha256,
      receivedMs: wallMs(line.received_ns),
      endMs: wallMs(line.end_ns),
      answered: line.status === 200 && line.ended === 'finished',
    }))
    .toSorted((a, b) => a.receivedMs - b.receivedMs)
}

/** Digests of the bodies that a plan has for these requests, with their indices: what a fleet of any size has to send. */
export async function digestsOf(plan: Plan, indices: Iterable<number>): Promise<Map<string, number>> {
  const counter = await startSim({ port: 0, model: plan.target.model })
  try {
    const target = { ...plan.target, baseUrl: counter.url }
    const { tokenizer } = await openTokenizer({ ...plan, target }, { apiKey: null, headers: [] }, () => {})
    const { promptTokens, instruction } = plan.workload
    const fitter = await PromptFitter.create({ tokenizer, seed: plan.seed, promptTokens, instruction })
    const digests = new Map<string, number>()
    for (const index of indices) {
      const { text } = await fitter.prompt(index)
      digests.set(createHash('sha256').update(requestBody(plan, text)).digest('hex'), index)
    }
    await tokenizer.close()
    return digests
  } finally {
    await counter.close()
  }
}

/** The simulator of this repository in a process of its own, and what it says it really did. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TTFT_MS } from './peers.mjs'
import { percentiles } from './percentiles.mjs'

/** In the first seconds engines compile and caches fill; what a client costs is counted after them. */
const SETTLING_MS = 2000

const LLMLOAD = fileURLToPath(new URL('../../packages/cli/bin/llmload.js', import.meta.url))

/** @param {{ tokensPerS: number }} load @param {string} folder for its truth log */
export async function startSimulator({ tokensPerS }, folder) {
  const truthFile = `${folder}/truth.ndjson`
  const pace = ['--ttft-ms', `${TTFT_MS}`, '--itl-ms', `${1000 / tokensPerS}`]
  const child = spawn(process.execPath, [LLMLOAD, 'sim', '--port', '0', '--truth-log', truthFile, ...pace], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const failed = exited.then(([code]) => Promise.reject(new Error(`the simulator ended with exit code ${code}`)))
  const [{ url }] = await Promise.race([once(child, 'message'), failed])
  failed.catch(() => {})
  return {
    url,
    /** Ends it and reads its log; may be called again. */
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      return truthOf(readFileSync(truthFile, 'utf8'), 1000 / tokensPerS)
    },
  }
}

function truthOf(log, itlMs) {
  const lines = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const answers = lines.filter(({ chunk_ns, ended }) => chunk_ns?.length > 1 && ended === 'finished')
  const ms = (ns) => ns / 1e6
  const sent = lines.flatMap(({ chunk_ns = [] }) => chunk_ns)
  const fromMs = ms(answers.reduce((first, { received_ns }) => Math.min(first, received_ns), Number.POSITIVE_INFINITY))
  const settledMs = fromMs + SETTLING_MS
  return {
    requests: answers.length,
    tokens: sent.length,
    settledTokens: sent.filter((at) => ms(at) >= settledMs).length,
    ttftMs: percentiles(answers.map(({ chunk_ns, received_ns }) => ms(chunk_ns[0] - received_ns))),
    itlMs: percentiles(answers.flatMap(({ chunk_ns }) => chunk_ns.slice(1).map((at, k) => ms(at - chunk_ns[k])))),
    lateMs: percentiles(
      answers.flatMap(({ chunk_ns, received_ns }) =>
        chunk_ns.map((at, k) => ms(at - received_ns) - TTFT_MS - k * itlMs),
      ),
    ),
    ...{ fromMs, settledMs },
    toMs: ms(sent.reduce((last, at) => Math.max(last, at), 0)),
  }
}

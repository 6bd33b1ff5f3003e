/**
 * Feeds broken answers and messages to the parsers that read what others send, and checks what must
 * hold for any bytes: nothing is thrown, nothing hangs, and where reads are cut makes no difference.
 *
 *   npm run fuzz -- [--seconds 60 of CPU time] [--target streams|responses|messages] [--seed N] [--cases N]
 *
 * Every case follows from its number. A failure prints the command that repeats it.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { generatorAt } from '../packages/core/dist/index.js'
import { Draw } from './fuzz/draw.mjs'
import { messages } from './fuzz/messages.mjs'
import { responses } from './fuzz/responses.mjs'
import { streams } from './fuzz/streams.mjs'

/** @typedef {(draw: Draw) => number} Target runs one case; returns its bytes, throws what is wrong */

/** @type {Record<string, Target>} */
const TARGETS = { streams, responses, messages }
const CASES_PER_TURN = 50
/** Far above what any case needs: a hang, or work that grows with the square of something. */
const MAX_CASE_S = 3

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(randomInt(1e9)) },
    cases: { type: 'string', default: 'Infinity' },
  },
})

const names = options.target === undefined ? Object.keys(TARGETS) : [options.target]
const seed = Number(options.seed)
console.log(`seed ${seed}, ${names.join(', ')}`)

const done = Object.fromEntries(names.map((name) => [name, { cases: 0, bytes: 0, seconds: 0 }]))
let first = 0
while (cpuS() < Number(options.seconds) && first < Number(options.cases)) {
  const count = Math.min(CASES_PER_TURN, Number(options.cases) - first)
  for (const name of names) for (let i = 0; i < count; i++) runCase(name, first + i)
  first += count
}
for (const [name, { cases, bytes, seconds }] of Object.entries(done)) {
  console.log(`${name}: ${cases} cases, ${Math.round(bytes / 1e6)} MB, ${seconds.toFixed(0)} s, nothing found`)
}

/** CPU time of this process: a host that has other work makes nothing late. */
function cpuS() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/**
 * @param {string} name
 * @param {number} number
 */
function runCase(name, number) {
  const target = TARGETS[name]
  if (target === undefined) throw new Error(`there is no target ${name}: ${Object.keys(TARGETS)}`)
  const startS = cpuS()
  try {
    const bytes = target(new Draw(generatorAt(seed + number, `fuzz.${name}`, 0)))
    const usedS = cpuS() - startS
    if (usedS > MAX_CASE_S) throw new Error(`it took ${usedS.toFixed(1)} s`)
    const sum = done[name] ?? { cases: 0, bytes: 0, seconds: 0 }
    sum.cases++
    sum.bytes += bytes
    sum.seconds += usedS
  } catch (error) {
    console.error(`${name}: npm run fuzz -- --target ${name} --seed ${seed + number} --cases 1`)
    throw error
  }
}

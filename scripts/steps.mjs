/** @import { Ended } from './child.mjs' */

/**
 * @typedef {object} Skipped
 * @property {string} name
 * @property {string} reason
 *
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed
 * @property {readonly Skipped[]} [skipped]
 * @property {string | undefined} [output] Shown if anything failed.
 * @property {string} [notRun] Why the step did not run at all: then it counts as skipped.
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {readonly string[]} [needs] Names of steps without whose success this one says nothing.
 * @property {() => Promise<Outcome>} run
 */

/** A step that is one test: it passes or fails as a whole. */
export const asOneTest = (/** @type {Ended} */ { ok, output }) => ({
  passed: ok ? 1 : 0,
  failed: ok ? 0 : 1,
  output,
})

/**
 * Runs the steps in order, prints a line for each, the output of what failed, and at the very end
 * `N passed, N failed` (and `, N skipped`), whatever happens in a step.
 *
 * @param {readonly Step[]} steps
 * @param {{ signal: AbortSignal, print: (line: string) => void }} options After an abort no further step starts.
 * @returns {Promise<boolean>} Whether nothing failed.
 */
export async function runSteps(steps, { signal, print }) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  /** @type {Set<string>} */
  const broken = new Set()
  for (const step of steps) {
    const startMs = performance.now()
    const outcome = await outcomeOf(step, broken, signal)
    const skipped = outcome.skipped ?? []
    if (outcome.failed > 0 || outcome.notRun) broken.add(step.name)

    print(stepLine(step.name, outcome, (performance.now() - startMs) / 1000))
    for (const { name, reason } of skipped) print(`        skipped: ${name}: ${reason}`)
    if (outcome.failed > 0) print(`\n${outcome.output?.trim() ?? ''}\n`)

    total.passed += outcome.passed
    total.failed += outcome.failed
    total.skipped += skipped.length + (outcome.notRun ? 1 : 0)
  }
  print(`\n${closingLine(total)}`)
  return total.failed === 0
}

/**
 * @param {Step} step
 * @param {ReadonlySet<string>} broken
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome>}
 */
async function outcomeOf(step, broken, signal) {
  const missing = step.needs?.find((name) => broken.has(name))
  const notRun = signal.aborted ? 'interrupted' : missing && `needs the step '${missing}'`
  if (notRun) return { passed: 0, failed: 0, notRun }
  try {
    return await step.run()
  } catch (error) {
    return { passed: 0, failed: 1, output: error instanceof Error ? error.stack : String(error) }
  }
}

/**
 * @param {string} name
 * @param {Outcome} outcome
 * @param {number} durationS
 */
function stepLine(name, { passed, failed, skipped = [], notRun }, durationS) {
  const title = name.padEnd(22)
  if (notRun) return `skip  ${title} ${notRun}`
  const counts = passed + failed > 1 ? `   (${closingLine({ passed, failed, skipped: skipped.length })})` : ''
  return `${failed > 0 ? 'FAIL' : 'pass'}  ${title} ${durationS.toFixed(1).padStart(6)} s${counts}`
}

/** @param {{ passed: number, failed: number, skipped: number }} total */
function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

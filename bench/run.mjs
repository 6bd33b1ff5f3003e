/**
 * `npm run bench`: measures this machine with the built worker and prints a table. Needs a C compiler; takes
 * about a minute. `-- --only TEXT` takes the measurements with TEXT in their name, `-- --repeat N` runs each N
 * times and shows the run with the median p99.
 */
import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { NODE_OF_WORKERS } from '../packages/cli/dist/worker-processes.js'
import { compile, yardstick } from './ground-truth/stamp-server.mjs'
import { MEASUREMENTS } from './measurements.mjs'

const CLIENT = fileURLToPath(new URL('client.mjs', import.meta.url))

/** @type {[heading: string, of: (row: any) => string | number | null][]} */
const COLUMNS = [
  ['measurement', ({ name }) => name],
  ['chunks/s', ({ chunks, seconds }) => chunks / seconds],
  ['requests/s', ({ ended, seconds }) => ended / seconds],
  ['TTFT error: p50', ({ ttftErrorMs }) => ttftErrorMs.p50],
  ['p99', ({ ttftErrorMs }) => ttftErrorMs.p99],
  ['max', ({ ttftErrorMs }) => ttftErrorMs.max],
  ['chunk error: p50', ({ chunkErrorMs }) => chunkErrorMs.p50],
  ['p99', ({ chunkErrorMs }) => chunkErrorMs.p99],
  ['lag: p50', ({ lagMs }) => lagMs.p50],
  ['p99', ({ lagMs }) => lagMs.p99],
  ['CPU', ({ cpuS, seconds }) => cpuS / seconds],
  ['chunks/CPU s', ({ chunks, cpuS }) => chunks / cpuS],
  ['RSS MiB', ({ peakRssBytes }) => peakRssBytes / 2 ** 20],
  ['server late', ({ worstLateMs }) => worstLateMs],
  ['others', ({ othersCores }) => othersCores],
]

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, repeat: { type: 'string', default: '1' } },
})
compile()
console.log(machine())
console.log('Times are ms: errors against the clock of the server that sent the chunks, lag against the schedule.')
console.log('CPU is cores of the worker; others, cores that were busy with anything but worker and server.\n')
console.log(aligned(COLUMNS.map(([heading]) => heading)))
let missed = 0
for (const measurement of MEASUREMENTS.filter(({ name }) => name.includes(values.only))) {
  const row = medianOf(Array.from({ length: Number(values.repeat) }, () => run(measurement)))
  console.log(aligned(COLUMNS.map(([, of]) => shown(of(row)))))
  if (measurement.yardstickS) compare(row, await yardstick(measurement, measurement.yardstickS))
  if (row.failed > 0) console.log(`    ${row.failed} requests failed: ${row.failure.message}`)
  for (const goal of measurement.goals) missed += check(goal, row)
}
console.log(`\n${missed === 0 ? 'all goals reached' : `${missed} goals missed`}`)

function machine() {
  const [cpu] = cpus()
  const memoryGiB = Math.round(totalmem() / 2 ** 30)
  return `${new Date().toISOString()}, ${cpus().length} × ${cpu?.model}, ${memoryGiB} GiB, Node ${process.version}`
}

/** One measurement, in a process of its own. */
function run(measurement) {
  const [node = '', ...flags] = NODE_OF_WORKERS
  const output = execFileSync(node, [...flags, CLIENT, JSON.stringify(measurement)], { encoding: 'utf8' })
  return { name: measurement.name, ...JSON.parse(output) }
}

function medianOf(rows) {
  const errorOf = ({ ttftErrorMs, lagMs, cpuS }) => ttftErrorMs.p99 ?? lagMs.p99 ?? cpuS
  return rows.sort((a, b) => errorOf(a) - errorOf(b))[Math.floor((rows.length - 1) / 2)]
}

/** The same load by a client in C: how much of an error and of a cost is the machine's. */
function compare({ chunks, cpuS }, { ttftErrorMs, chunkErrorMs, ...c }) {
  const perCpuS = c.chunks / c.cpuS
  const share = Math.round((100 * chunks) / cpuS / perCpuS)
  const errors = `TTFT error ${ofBoth(ttftErrorMs)}, chunk error ${ofBoth(chunkErrorMs)}`
  console.log(`    in C: ${errors}, ${shown(perCpuS)} chunks/CPU s, of which the worker reaches ${share} %`)
}

function ofBoth({ p50, p99 }) {
  return `p50 ${shown(p50)}, p99 ${shown(p99)}`
}

/** Says whether a goal is reached; returns 1 if it is not. */
function check({ what, of, most, least }, row) {
  const value = of(row)
  const reached = most === undefined ? value >= least : value <= most
  const goal = most === undefined ? `at least ${least}` : `at most ${most}`
  console.log(`    ${reached ? 'reached' : 'MISSED '} ${what}: ${shown(value)}, ${goal}`)
  return reached ? 0 : 1
}

/** Three digits say all that a second run would say again. */
function shown(value) {
  if (typeof value === 'string') return value
  if (value === null || !Number.isFinite(value)) return '-'
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
}

function aligned(cells) {
  const widthOf = (i) => COLUMNS[i][0].length + 2
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(30) : cell.padStart(Math.max(8, widthOf(i))))).join('')
}

import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const PROGRAM = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { yieldHelperThreads } from '${new URL('../dist/helper-threads.js', import.meta.url)}'
  yieldHelperThreads()
  const niceness = (thread) => Number(readFileSync('/proc/self/task/' + thread + '/stat', 'utf8').split(') ')[1].split(' ')[16])
  const all = readdirSync('/proc/self/task').map((thread) => [Number(thread) === process.pid, niceness(thread)])
  console.log(JSON.stringify(all))
`

test.skipIf(process.platform !== 'linux')('threads of the engine give way to the event loop, on Linux', () => {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' })
  const threads: [isLoop: boolean, niceness: number][] = JSON.parse(output)
  const own = threads.find(([isLoop]) => isLoop)?.[1] ?? Number.NaN
  expect(threads.length).toBeGreaterThan(1)
  for (const [isLoop, niceness] of threads) expect(niceness).toBe(isLoop ? own : Math.min(own + 10, 19))
})

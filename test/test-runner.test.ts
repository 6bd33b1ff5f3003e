import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { run } from '../scripts/child.mjs'
import { runSteps } from '../scripts/steps.mjs'

const never = new AbortController().signal

async function linesOf(steps: Parameters<typeof runSteps>[0], signal = never): Promise<{ ok: boolean; text: string }> {
  const lines: string[] = []
  const ok = await runSteps(steps, { signal, print: (line) => lines.push(line) })
  return { ok, text: lines.join('\n') }
}

const passing = {
  name: 'fine',
  run: async () => ({ passed: 3, failed: 0, skipped: [{ name: 'on Mars', reason: 'far' }] }),
}
const crashing = { name: 'broken', run: () => Promise.reject(new Error('no such luck')) }

describe('npm test', () => {
  test('the last line sums all steps, and skipped tests say why', async () => {
    const { ok, text } = await linesOf([passing, passing])
    expect(ok).toBe(true)
    expect(text).toContain('skipped: on Mars: far')
    expect(text).toMatch(/^6 passed, 0 failed, 2 skipped$/m)
  })

  test('a step that crashes is one failure, what needs it is skipped, and the rest still runs', async () => {
    const dependent = { name: 'dependent', needs: ['broken'], run: passing.run }
    const { ok, text } = await linesOf([crashing, dependent, passing])
    expect(ok).toBe(false)
    expect(text).toContain('no such luck')
    expect(text).toMatch(/^skip {2}dependent +needs the step 'broken'$/m)
    expect(text.split('\n').at(-1)).toBe('3 passed, 1 failed, 2 skipped')
  })

  test('after Ctrl-C no further step starts', async () => {
    const { text } = await linesOf([passing], AbortSignal.abort())
    expect(text.split('\n').at(-1)).toBe('0 passed, 0 failed, 1 skipped')
  })
})

describe('a command of npm test', () => {
  test('one that fails keeps what it wrote to both streams', async () => {
    const script = 'console.log("out"); console.error("err"); process.exitCode = 3'
    const { ok, output } = await run(process.execPath, ['-e', script], { signal: never })
    expect({ ok, lines: output.trim().split('\n').sort() }).toEqual({ ok: false, lines: ['err', 'out'] })
  })

  test('one that does not exist fails with its name', async () => {
    const { ok, output } = await run('no-such-command', [], { signal: never })
    expect({ ok, named: output.includes('no-such-command') }).toEqual({ ok: false, named: true })
  })

  test('Ctrl-C ends it together with the processes that it started', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    // The grandchild holds a connection for as long as it lives.
    const grandchild = `require('node:net').connect(${port}, '127.0.0.1')`
    const child = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: 'inherit' })`

    const interruption = new AbortController()
    const ended = run(process.execPath, ['-e', child], { signal: interruption.signal })
    const [connection] = await once(server, 'connection')
    const closed = once(connection.on('error', () => {}).resume(), 'close')
    interruption.abort()

    expect((await ended).ok).toBe(false)
    await closed
    server.close()
  })
})

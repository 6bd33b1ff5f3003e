import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { Llmload, sim } from './support/llmload.js'

const RUN = '--headless --only-summary --json -p 20 -o 5 -u 50 -r 50 --qps 20 --processes 2'.split(' ')

interface Status {
  readonly state: string
  readonly level: { readonly qps: number | null; readonly users: number }
  readonly requests: { readonly sent: number }
}

/** A run on this host that can be asked how it is. */
async function measuringRun(...args: string[]): Promise<{ run: Llmload; url: string }> {
  const server = await sim('--ttft-ms', '20', '--itl-ms', '2')
  const port = await freePort()
  const run = new Llmload([...RUN, '-H', server.url, '--master-port', `${port}`, ...args])
  await run.says(/All users spawned/)
  return { run, url: `http://127.0.0.1:${port}` }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

const statusOf = async (url: string): Promise<Status> => (await (await fetch(`${url}/api/status`)).json()) as Status

const post = (url: string, body: object) => fetch(url, { method: 'POST', body: JSON.stringify(body) })

/** Requests sent per second over the next `seconds`, by the counter of `/metrics`. */
async function rateOver(url: string, seconds: number): Promise<number> {
  const sent = async (): Promise<number> => {
    const page = await (await fetch(`${url}/metrics`)).text()
    return Number(/^llmload_requests_sent_total\{phase="measured"\} (\d+)$/m.exec(page)?.[1])
  }
  const before = await sent()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  return ((await sent()) - before) / seconds
}

test('a run changes its rate for all workers at once, and ends, when it is told to over HTTP', async () => {
  const { run, url } = await measuringRun()
  expect(await statusOf(url)).toMatchObject({ state: 'measuring', level: { qps: 20, users: 50 } })
  const change = await post(`${url}/api/load`, { qps: 60 })
  expect(await change.json()).toMatchObject({ qps: 60, users: 50 })
  await new Promise((resolve) => setTimeout(resolve, 7000))
  // Workers report once a second, each at another moment.
  const rate = await rateOver(url, 5)
  expect(rate).toBeGreaterThan(60 * 0.75)
  expect(rate).toBeLessThan(60 * 1.25)

  expect((await post(`${url}/api/stop`, {})).status).toBe(200)
  const { stdout, stderr, code } = await run.ended
  expect(stderr).toContain('stopped: POST /api/stop')
  const { requests } = JSON.parse(stdout)
  expect(requests.sent).toBe(requests.succeeded)
  expect(code).toBe(0)
})

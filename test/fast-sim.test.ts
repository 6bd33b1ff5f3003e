import { expect, test } from 'vitest'
import { Llmload } from './support/llmload.js'

const body = JSON.stringify({ prompt: 'Hi', max_tokens: 20, ignore_eos: true, stream: true })

const ask = async (url: string) => {
  // A connection for each, for they are what is dealt out.
  const headers = { 'content-type': 'application/json', connection: 'close' }
  return (await fetch(`${url}/v1/completions`, { method: 'POST', headers, body })).text()
}

test('llmload sim --fast serves from several processes, and sums up what all of them did', async () => {
  const sim = new Llmload(['sim', '--fast', '--processes', '2', '--port', '0', '--itl-ms', '1', '--stamp-chunks'])
  const [, url = ''] = await sim.says(/listens on (http:\S+);/)
  const streams = await Promise.all(Array.from({ length: 6 }, () => ask(url)))
  const ids = streams.map((stream) => /"id":"cmpl-(\d+)-/.exec(stream)?.[1])
  expect(new Set(ids).size).toBe(2)
  for (const stream of streams) expect(stream.match(/"sent_ns": +[1-9]\d*,/g)).toHaveLength(20)
  sim.signal('SIGINT')
  const { code, stdout } = await sim.ended
  expect(code).toBe(0)
  expect(stdout).toContain('120 chunks in 6 streams; late by ms: p50 ')
})

test('llmload sim says at once which options do not go together', async () => {
  const { code, stderr } = await new Llmload(['sim', '--fast', '--quirk', 'crlf', '--fail-rate', '2']).ended
  expect(code).toBe(2)
  expect(stderr).toContain('--fail-rate 2: must be a number from 0 to 1')
  expect(stderr).toContain('--quirk does not go with --fast, which does only streams at constant pace')
})

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { folder, Llmload, llmload, sim } from './support/llmload.js'

describe('bad input is explained', () => {
  test('all problems of a command line at once, with the nearest option', async () => {
    const { code, stderr, stdout } = await llmload('--qsp', '5', '-u', 'many', '-t', '2x', '--provider', 'vlm')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/--qsp[\s\S]*--qps/)
    expect(stderr).toMatch(/many/)
    expect(stderr).toMatch(/2x[\s\S]*30s/)
    expect(stderr).toMatch(/vllm.*'vlm'/)
  })

  test('an unknown key of a config file', async () => {
    const file = join(folder(), 'run.yaml')
    writeFileSync(file, 'qps: 5\nuesrs: 3\n')
    const { code, stderr } = await llmload('--config', file, '-H', 'sim')
    expect(code).toBe(2)
    expect(stderr).toMatch(/uesrs[\s\S]*users\?/)
  })

  test('a server that is not there: address and error, before any user is spawned', async () => {
    const { code, stderr } = await llmload('-H', 'http://127.0.0.1:9', '--headless', '-t', '1s')
    expect(code).toBe(3)
    expect(stderr).toMatch(/TARGET_UNREACHABLE.*127\.0\.0\.1:9.*refused/i)
    expect(stderr).not.toMatch(/Ramping/)
  })

  test('a key that is missing: which variable holds it', async () => {
    const { url } = await sim('--api-key', 'right')
    const { code, stderr } = await llmload('-H', url, '--headless', '-t', '1s')
    expect(code).toBe(3)
    expect(stderr).toContain('LLMLOAD_API_KEY')
  })

  test('a key that is right is used, and printed nowhere', async () => {
    const { url } = await sim('--api-key', 'right-and-secret')
    const run = new Llmload(
      ['-H', url, '-p', '20', '-o', '3', '--qps', '5', '-t', '1s', '--headless', '--json', '--loglevel', 'DEBUG'],
      {
        LLMLOAD_API_KEY: 'right-and-secret',
      },
    )
    const { code, stdout, stderr } = await run.ended
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain('right-and-secret')
  })

  test('a model that the server does not have: what it has', async () => {
    const { url } = await sim('--model', 'llama-tiny')
    const { code, stderr } = await llmload('-H', url, '-m', 'llama-tinny', '--headless', '-t', '1s')
    expect(code).toBe(2)
    expect(stderr).toMatch(/llama-tinny[\s\S]*llama-tiny/)
  })

  test('a summary file in a missing folder: before the run', async () => {
    const { code, stderr } = await llmload(
      '-H',
      'sim',
      '--headless',
      '-t',
      '60s',
      '--summary-file',
      join(folder(), 'no', 'x.csv'),
    )
    expect(code).toBe(2)
    expect(stderr).toMatch(/OUTPUT_FILE/)
  })

  test('a full disk: the row is printed, so that nothing is lost', async () => {
    const { code, stderr } = await llmload(
      ...'-H sim -p 20 -o 3 --qps 5 -u 5 -r 5 -t 1s --headless --summary-file /dev/full'.split(' '),
    )
    expect(code).toBe(2)
    expect(stderr).toMatch(/vllm,sim-model,20\.0/)
  })

  test('a tokenizer that cannot be read', async () => {
    const { code, stderr } = await llmload('-H', 'sim', '--headless', '-t', '1s', '--tokenizer', folder())
    expect(code).toBe(2)
    expect(stderr).toMatch(/TOKENIZER.*tokenizer\.json/)
  })

  test('a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const { code, stderr } = await llmload(
      '-H',
      'sim',
      '--headless',
      '-t',
      '1s',
      '--master',
      '--master-port',
      `${port}`,
    )
    expect(code).toBe(2)
    expect(stderr).toMatch(/PORT_IN_USE/)
  })

  test('a worker without a master, after the minute for which it tries', { timeout: 90_000 }, async () => {
    const { code, stderr } = await llmload('--worker', '--master-port', '9')
    expect(code).toBe(3)
    expect(stderr).toMatch(/MASTER_UNREACHABLE/)
  })
})

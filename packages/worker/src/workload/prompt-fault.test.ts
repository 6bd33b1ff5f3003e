import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { LoadError } from '@llmload/core'
import { expect, test } from 'vitest'
import { promptFault } from './prompt-fault.js'
import { THREAD_FILE } from './prompt-source.js'

const tokenizer = (words: string) => new LoadError('TOKENIZER', words, 'look')
const server = new LoadError('PREPARE_FAILED', 'POST /tokenize: HTTP 500: EMFILE', 'look at the server')

test.each<{ story: string; error: unknown; fault: string }>([
  { story: 'a fault of ours', error: new TypeError('x is undefined'), fault: 'INTERNAL: it failed: x is undefined' },
  {
    story: 'no file handle for a file',
    error: new Error("EMFILE: too many open files, open 'x.json'"),
    fault: 'PREPARE_FAILED: it failed: no file handle was left (EMFILE)',
  },
  {
    story: 'no file handle for the tokenizer',
    error: tokenizer('cannot be used: ENFILE: file table overflow'),
    fault: 'PREPARE_FAILED: it failed: no file handle was left (ENFILE)',
  },
  { story: 'another fault of the tokenizer', error: tokenizer('is empty'), fault: 'TOKENIZER: is empty' },
  { story: 'a server that has none', error: server, fault: 'PREPARE_FAILED: POST /tokenize: HTTP 500: EMFILE' },
])('$story', ({ error, fault }) => {
  const { code, message } = promptFault(error, 'it failed')
  expect(`${code}: ${message}`).toBe(fault)
})

/** Starts the thread of prompts in a process that has `free` file handles left, and prints what comes of it. */
const START = `
const { closeSync, openSync } = require('node:fs')
const plan = { target: { baseUrl: 'http://127.0.0.1:1' }, workload: { tokenizer: null }, load: {} }
const options = { plan, secrets: { apiKey: null, headers: [] }, share: { index: 0, count: 1 }, onProgress: () => {} }
import('${new URL('prompt-source.js', THREAD_FILE)}').then(({ PromptSource }) => {
  const taken = []
  try { for (;;) taken.push(openSync('/dev/null')) } catch {}
  for (const fd of taken.splice(0, Number(process.argv[1]))) closeSync(fd)
  PromptSource.prepare(options).catch(({ code, message, hint }) => console.log(code, message, hint))
})
`

test.runIf(process.platform === 'linux').each([0, 4, 12])(
  'with %i file handles left a thread says so',
  async (free) => {
    const command = `ulimit -n 100; exec "${process.execPath}" -e "$1" ${free}`
    const { stdout } = await promisify(execFile)('sh', ['-c', command, 'sh', START])
    expect(stdout).toMatch(
      /^PREPARE_FAILED the thread that makes prompts failed: no file handle was left \(EMFILE\) raise/,
    )
  },
)

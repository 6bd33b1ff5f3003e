/** Installs a peer from PyPI into a venv of its own, once. */
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const TAIL_LINES = 3

const TOKENIZER = fileURLToPath(
  new URL('../../packages/worker/src/workload/fixtures/byte-level-bpe/tokenizer.json', import.meta.url),
)

/**
 * @param {import('./peers.mjs').Peer} peer
 * @param {string} cache folder that keeps the venvs
 * @returns {Promise<{ bin: string } | { problem: string }>}
 */
export async function install({ name, pip }, cache) {
  const venv = `${cache}/${name.replaceAll(/\W+/g, '-').toLowerCase()}`
  const bin = `${venv}/bin`
  const marker = `${venv}/installed.json`
  const wanted = JSON.stringify(pip)
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return { bin }
  process.stderr.write(`installing ${name} into ${venv}\n`)
  rmSync(venv, { recursive: true, force: true })
  try {
    await run('python3', ['-m', 'venv', venv])
    for (const packages of pip) await run(`${bin}/pip`, ['install', '--quiet', ...packages])
  } catch (error) {
    return { problem: `${error.stderr || error.message}`.trim().split('\n').slice(-TAIL_LINES).join(' / ') }
  }
  writeFileSync(marker, wanted)
  return { bin }
}

/** A small tokenizer in the form that `transformers` wants, so that nobody asks a hub for one. */
export function makeTokenizer(cache) {
  const folder = `${cache}/tokenizer`
  mkdirSync(folder, { recursive: true })
  copyFileSync(TOKENIZER, `${folder}/tokenizer.json`)
  const config = { tokenizer_class: 'PreTrainedTokenizerFast', bos_token: '<bos>', eos_token: '<eos>' }
  writeFileSync(`${folder}/tokenizer_config.json`, JSON.stringify(config))
  return folder
}

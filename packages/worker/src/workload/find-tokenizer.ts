import { readdir, readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { LoadError } from '@llmload/core'
import { downloadTokenizer } from './hub.js'

/** The files of one tokenizer. */
export interface TokenizerFiles {
  /** Where they are, for people: a folder, or a hub name with the folder of its copy. */
  readonly source: string
  readonly tokenizerJson: string
  readonly tokenizerConfig: string | null
  readonly chatTemplate: string | null
}

type Environment = Readonly<Record<string, string | undefined>>

interface FindOptions {
  readonly env: Environment
  /** Told how a download gets on, a line at a time. */
  readonly onNote: (line: string) => void
}

const HUB_NAME = /^[\w.-]+(\/[\w.-]+)?$/

/**
 * The files behind a `--tokenizer` value: a folder that has a tokenizer.json, such a file itself, or a
 * name on the Hugging Face hub, looked up in the local hub cache and downloaded into it if it is not
 * there. HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE mean
 * what they mean to huggingface_hub. Throws LoadError TOKENIZER with what was tried.
 */
export async function findTokenizer(value: string, { env, onNote }: FindOptions): Promise<TokenizerFiles> {
  const path = resolve(value)
  const kind = await kindOf(path)
  if (kind === 'file') return filesIn(dirname(path), basename(path))
  if (kind === 'folder') return filesIn(path)
  if (!HUB_NAME.test(value) || value.startsWith('.') || value.endsWith('.json')) {
    throw new LoadError(
      'TOKENIZER',
      `there is no tokenizer at ${path}: no such file or folder`,
      'give a folder with a tokenizer.json, the file itself, or a hub name such as Qwen/Qwen3-8B',
    )
  }

  const cache = hubCacheOf(env)
  const repo = join(cache, `models--${value.replaceAll('/', '--')}`)
  const cached = await snapshotOf(repo)
  if (cached) return { ...(await filesIn(cached)), source: `${value} (${cached})` }
  if (isSwitchedOn(env.HF_HUB_OFFLINE)) {
    throw new LoadError(
      'TOKENIZER',
      `the tokenizer ${value} is neither a file or folder here nor in the hub cache ${cache}, and HF_HUB_OFFLINE forbids to download it`,
      'give the folder of the model, or unset HF_HUB_OFFLINE',
    )
  }
  const downloaded = await downloadTokenizer({
    name: value,
    repo,
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    token: env.HF_TOKEN || (await storedToken(env)),
    onNote,
  })
  return { ...(await filesIn(downloaded)), source: `${value} (${downloaded})` }
}

async function filesIn(folder: string, tokenizerJson = 'tokenizer.json'): Promise<TokenizerFiles> {
  const names = await readdir(folder)
  if (!names.includes(tokenizerJson)) throw withoutTokenizerJson(folder, names)
  const optional = (name: string) => (names.includes(name) ? join(folder, name) : null)
  return {
    source: folder,
    tokenizerJson: join(folder, tokenizerJson),
    tokenizerConfig: optional('tokenizer_config.json'),
    chatTemplate: optional('chat_template.jinja'),
  }
}

function withoutTokenizerJson(folder: string, names: string[]): LoadError {
  const sentencePiece = names.find((name) => name === 'tokenizer.model' || name.endsWith('.spm'))
  if (sentencePiece) {
    return new LoadError(
      'TOKENIZER',
      `${folder} has a SentencePiece model (${sentencePiece}) but no tokenizer.json`,
      "save it once with transformers: AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER')",
    )
  }
  const shown = names.length > 12 ? [...names.slice(0, 12), `and ${names.length - 12} more`] : names
  return new LoadError(
    'TOKENIZER',
    `${folder} has no tokenizer.json; it has ${shown.join(', ') || 'nothing at all'}`,
    'give the folder that holds the tokenizer.json of the model',
  )
}

/** The snapshot that `main` points to, or any other one, if it has a tokenizer.json; see the hub's cache layout. */
async function snapshotOf(repo: string): Promise<string | null> {
  const main = await readFile(join(repo, 'refs', 'main'), 'utf8').catch(() => null)
  const others = await readdir(join(repo, 'snapshots')).catch(() => [])
  for (const commit of [...(main ? [main.trim()] : []), ...others.sort()]) {
    const snapshot = join(repo, 'snapshots', commit)
    if ((await kindOf(join(snapshot, 'tokenizer.json'))) === 'file') return snapshot
  }
  return null
}

const hubHomeOf = (env: Environment): string => env.HF_HOME || join(homedir(), '.cache', 'huggingface')

const hubCacheOf = (env: Environment): string =>
  env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(hubHomeOf(env), 'hub')

/** What `hf auth login` left. */
async function storedToken(env: Environment): Promise<string | null> {
  const text = await readFile(join(hubHomeOf(env), 'token'), 'utf8').catch(() => '')
  return text.trim() || null
}

const isSwitchedOn = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '')

async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  const info = await stat(path).catch(() => null)
  if (info?.isFile()) return 'file'
  return info?.isDirectory() ? 'folder' : null
}

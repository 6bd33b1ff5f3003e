import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { LoadError, messageOf } from '@llmload/core'
import { Agent, fetch, Headers, type Response } from 'undici'
import { isObject } from './json-object.js'

interface Download {
  /** `organisation/model`. */
  readonly name: string
  /** Folder of the model in the hub cache: `…/models--organisation--model`. */
  readonly repo: string
  readonly endpoint: string
  readonly token: string | null
  readonly onNote: (line: string) => void
}

/** In the order in which they are fetched: the one that makes a snapshot usable comes last. */
const WANTED = ['tokenizer_config.json', 'chat_template.jinja', 'tokenizer.json']

/** A hub that sends nothing for so long is not coming back. */
const SILENCE_LIMIT_MS = 30_000

const PROGRESS_STEP_BYTES = 2 * 1024 * 1024

/**
 * Fetches the tokenizer's files of a model into the hub cache and returns the folder of the snapshot,
 * which huggingface_hub finds as well. Every file appears complete or not at all. Throws LoadError TOKENIZER.
 */
export async function downloadTokenizer(download: Download): Promise<string> {
  const dispatcher = new Agent({ headersTimeout: SILENCE_LIMIT_MS, bodyTimeout: SILENCE_LIMIT_MS })
  const { name, repo, endpoint } = download
  try {
    const { sha, files } = await modelInfo(download, dispatcher)
    const snapshot = join(repo, 'snapshots', sha)
    await mkdir(snapshot, { recursive: true })
    await mkdir(join(repo, 'refs'), { recursive: true })
    for (const file of WANTED.filter((wanted) => files.includes(wanted))) {
      const response = await get(download, `${endpoint}/${name}/resolve/${sha}/${file}`, dispatcher)
      await atomically(join(snapshot, file), (path) => save(download, file, response, path))
    }
    await atomically(join(repo, 'refs', 'main'), (path) => writeFile(path, sha))
    return snapshot
  } catch (error) {
    if (error instanceof LoadError) throw error
    throw failed(download, messageOf(error), 'check the network and the hub cache (HF_HOME), or give a folder', error)
  } finally {
    await dispatcher.close()
  }
}

/** Which commit `main` is, and the names of its files. */
async function modelInfo(download: Download, dispatcher: Agent): Promise<{ sha: string; files: string[] }> {
  const { name, endpoint } = download
  const response = await get(download, `${endpoint}/api/models/${name}/revision/main`, dispatcher)
  const info: unknown = await response.json().catch(() => null)
  // The commit becomes the name of a folder, so it must look like one.
  if (!isObject(info) || typeof info.sha !== 'string' || !/^[0-9a-f]{7,64}$/.test(info.sha)) {
    throw failed(download, `${endpoint} does not answer like a hub`, 'check HF_ENDPOINT')
  }
  const siblings = Array.isArray(info.siblings) ? info.siblings.filter(isObject) : []
  const files = siblings.map((file) => file.rfilename).filter((file) => typeof file === 'string')
  if (!files.includes('tokenizer.json')) {
    throw failed(
      download,
      `the model has no tokenizer.json on the hub; it has ${files.slice(0, 12).join(', ') || 'no files'}`,
      'name a model that has one, or convert the tokenizer with transformers and give the folder',
    )
  }
  return { sha: info.sha, files }
}

async function get(download: Download, url: string, dispatcher: Agent): Promise<Response> {
  // Uncompressed, so that the length which the hub names is the length of the file.
  const headers = new Headers({ 'accept-encoding': 'identity' })
  if (download.token !== null) headers.set('authorization', `Bearer ${download.token}`)
  let response: Response
  try {
    // Redirects to the hub's file servers are followed; fetch drops the token when the host changes.
    response = await fetch(url, { headers, dispatcher })
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error
    throw failed(
      download,
      `GET ${url}: ${messageOf(cause)}`,
      'give a folder with a tokenizer.json, or leave out --tokenizer so that the server counts',
      error,
    )
  }
  if (response.ok) return response
  await response.body?.cancel()
  throw failed(download, `GET ${url}: HTTP ${response.status}`, hintFor(response.status, download))
}

function hintFor(status: number, { endpoint, name, token }: Download): string {
  if (status === 401 || status === 403) {
    const access = `if ${endpoint}/${name} exists, it wants you to accept its terms there and to set HF_TOKEN`
    return token === null ? `${access} (which is not set)` : `${access} to a token that may read it`
  }
  if (status === 404) return 'check the name, or give a folder with a tokenizer.json'
  return 'try again later, or give a folder with a tokenizer.json'
}

async function save({ name, onNote }: Download, file: string, response: Response, path: string): Promise<void> {
  if (!response.body) throw new Error(`${file} came without content`)
  const totalBytes = Number(response.headers.get('content-length'))
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`
  onNote(`${name}: downloading ${file}${totalBytes ? `, ${megabytes(totalBytes)}` : ''}`)
  let bytes = 0
  let nextNote = PROGRESS_STEP_BYTES
  const counting = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength
      if (bytes >= nextNote) {
        nextNote += PROGRESS_STEP_BYTES
        onNote(`${name}: ${file}: ${megabytes(bytes)} are here`)
      }
      yield chunk
    }
  }
  await pipeline(response.body, counting, createWriteStream(path))
}

/** Other processes may fetch the same file at the same time: each writes its own and the last one stays. */
async function atomically(path: string, write: (path: string) => Promise<void>): Promise<void> {
  const unfinished = `${path}.${randomUUID()}.incomplete`
  try {
    await write(unfinished)
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

const failed = (download: Download, what: string, hint: string, cause?: unknown): LoadError =>
  new LoadError(
    'TOKENIZER',
    `the tokenizer ${download.name} is no file or folder here, is not in the hub cache, and cannot be downloaded: ${what}`,
    hint,
    { cause },
  )

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findTokenizer } from './find-tokenizer.js'

const FIXTURE = fileURLToPath(new URL('./fixtures/byte-level-bpe', import.meta.url))
const COMMIT = '0123456789abcdef0123456789abcdef01234567'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llmload-find-'))
})
afterEach(() => rm(folder, { recursive: true }))

const find = (value: string, env: Record<string, string> = {}, notes: string[] = []) =>
  findTokenizer(value, { env: { HF_HOME: join(folder, 'home'), ...env }, onNote: (line) => notes.push(line) })

async function write(path: string, content = '{}'): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, content)
}

describe('a path', () => {
  test('to a folder gives its tokenizer and what belongs to it', async () => {
    await write(join(folder, 'model', 'tokenizer.json'))
    await write(join(folder, 'model', 'chat_template.jinja'), 'x')
    expect(await find(join(folder, 'model'))).toEqual({
      source: join(folder, 'model'),
      tokenizerJson: join(folder, 'model', 'tokenizer.json'),
      tokenizerConfig: null,
      chatTemplate: join(folder, 'model', 'chat_template.jinja'),
    })
  })

  test('may be relative', async () => {
    expect(await find(relative(process.cwd(), FIXTURE))).toMatchObject({ source: FIXTURE })
  })

  test('to a file gives that file, whatever its name', async () => {
    await write(join(folder, 'model', 'other.json'))
    expect(await find(join(folder, 'model', 'other.json'))).toMatchObject({
      tokenizerJson: join(folder, 'model', 'other.json'),
    })
  })

  test('that does not exist is named', async () => {
    await expect(find('./no/such/folder')).rejects.toMatchObject({
      code: 'TOKENIZER',
      message: `there is no tokenizer at ${join(process.cwd(), 'no/such/folder')}: no such file or folder`,
    })
  })

  test('to a folder without tokenizer.json lists what it has', async () => {
    await write(join(folder, 'model', 'config.json'))
    await write(join(folder, 'model', 'vocab.json'))
    await expect(find(join(folder, 'model'))).rejects.toMatchObject({
      code: 'TOKENIZER',
      message: `${join(folder, 'model')} has no tokenizer.json; it has config.json, vocab.json`,
    })
  })

  test('to a folder with only a SentencePiece model says how to convert it', async () => {
    await write(join(folder, 'model', 'tokenizer.model'))
    await expect(find(join(folder, 'model'))).rejects.toMatchObject({
      message: `${join(folder, 'model')} has a SentencePiece model (tokenizer.model) but no tokenizer.json`,
      hint: expect.stringContaining('save_pretrained'),
    })
  })
})

describe('a hub name in the cache', () => {
  test.each([
    { variable: 'HF_HUB_CACHE', place: (root: string) => root },
    { variable: 'HUGGINGFACE_HUB_CACHE', place: (root: string) => root },
    { variable: 'HF_HOME', place: (root: string) => join(root, 'hub') },
  ])('is found below $variable', async ({ variable, place }) => {
    const repo = join(place(join(folder, 'cache')), 'models--org--model')
    await write(join(repo, 'refs', 'main'), COMMIT)
    await write(join(repo, 'snapshots', COMMIT, 'tokenizer.json'))
    await write(join(repo, 'snapshots', 'aaaaaaa', 'tokenizer.json'))
    const snapshot = join(repo, 'snapshots', COMMIT)
    expect(await find('org/model', { [variable]: join(folder, 'cache') })).toMatchObject({
      source: `org/model (${snapshot})`,
      tokenizerJson: join(snapshot, 'tokenizer.json'),
    })
  })

  test('is found in another snapshot when main was fetched without its tokenizer', async () => {
    const repo = join(folder, 'models--model')
    await write(join(repo, 'refs', 'main'), COMMIT)
    await write(join(repo, 'snapshots', COMMIT, 'config.json'))
    await write(join(repo, 'snapshots', 'aaaaaaa', 'tokenizer.json'))
    expect(await find('model', { HF_HUB_CACHE: folder })).toMatchObject({
      tokenizerJson: join(repo, 'snapshots', 'aaaaaaa', 'tokenizer.json'),
    })
  })

  test('that is missing there is an error when the hub is switched off', async () => {
    await expect(find('org/model', { HF_HUB_CACHE: folder, HF_HUB_OFFLINE: '1' })).rejects.toMatchObject({
      code: 'TOKENIZER',
      message:
        'the tokenizer org/model is neither a file or folder here nor in the hub cache ' +
        `${folder}, and HF_HUB_OFFLINE forbids to download it`,
    })
  })
})

describe('a hub name that is downloaded', () => {
  const requests: { path: string; authorization: string | undefined }[] = []
  let servers: Server[]
  let hub: string

  /** A hub with one model, whose tokenizer.json lies on a file server of its own, as large files do. */
  beforeEach(async () => {
    requests.length = 0
    const tokenizerJson = await readFile(join(FIXTURE, 'tokenizer.json'))
    const files = createServer((request, response) => {
      requests.push({ path: `files:${request.url}`, authorization: request.headers.authorization })
      if (request.url === '/cut')
        return response.writeHead(200, { 'content-length': 1e6 }).write('{', () => response.destroy())
      response.end(tokenizerJson)
    })
    const fileServer = await listen(files)
    const model = createServer((request, response) => {
      requests.push({ path: String(request.url), authorization: request.headers.authorization })
      const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body))
      const names = ['README.md', 'tokenizer.json', 'tokenizer_config.json']
      const siblings = names.map((rfilename) => ({ rfilename }))
      switch (request.url) {
        case '/api/models/org/model/revision/main':
        case '/api/models/org/cut/revision/main':
          return answer(200, { sha: COMMIT, siblings })
        case '/api/models/org/weights-only/revision/main':
          return answer(200, { sha: COMMIT, siblings: [{ rfilename: 'model.safetensors' }] })
        case '/api/models/org/gated/revision/main':
          return answer(401, { error: 'gated' })
        case `/org/model/resolve/${COMMIT}/tokenizer.json`:
          return response.writeHead(302, { location: `${fileServer}/blob` }).end()
        case `/org/cut/resolve/${COMMIT}/tokenizer.json`:
          return response.writeHead(302, { location: `${fileServer}/cut` }).end()
        case `/org/model/resolve/${COMMIT}/tokenizer_config.json`:
        case `/org/cut/resolve/${COMMIT}/tokenizer_config.json`:
          return answer(200, {})
        default:
          return answer(404, { error: 'not found' })
      }
    })
    hub = await listen(model)
    servers = [files, model]
  })
  afterEach(() => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  })

  test('lies in the cache afterwards as huggingface_hub would look for it, and is not fetched again', async () => {
    const notes: string[] = []
    const found = await find('org/model', { HF_ENDPOINT: `${hub}/` }, notes)
    const repo = join(folder, 'home', 'hub', 'models--org--model')
    expect(found.tokenizerJson).toBe(join(repo, 'snapshots', COMMIT, 'tokenizer.json'))
    expect(found.tokenizerConfig).toBe(join(repo, 'snapshots', COMMIT, 'tokenizer_config.json'))
    expect(await readFile(found.tokenizerJson)).toEqual(await readFile(join(FIXTURE, 'tokenizer.json')))
    expect(await readFile(join(repo, 'refs', 'main'), 'utf8')).toBe(COMMIT)
    expect(notes).toContainEqual(expect.stringMatching(/^org\/model: downloading tokenizer.json, 0\.\d MB$/))

    const fetched = requests.length
    expect(await find('org/model', { HF_ENDPOINT: hub })).toEqual(found)
    expect(requests).toHaveLength(fetched)
  })

  test('is asked for with the token, which the file server of another host does not get to see', async () => {
    await find('org/model', { HF_ENDPOINT: hub, HF_TOKEN: 'hf_secret' })
    const [fileRequests, hubRequests] = [true, false].map((files) =>
      requests.filter(({ path }) => path.startsWith('files:') === files),
    )
    expect(new Set(hubRequests?.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer hf_secret']))
    expect(fileRequests).toEqual([{ path: 'files:/blob', authorization: undefined }])
  })

  test('is asked for with the token of an earlier log-in', async () => {
    await write(join(folder, 'home', 'token'), 'hf_stored\n')
    await find('org/model', { HF_ENDPOINT: hub })
    expect(requests[0]).toEqual({ path: '/api/models/org/model/revision/main', authorization: 'Bearer hf_stored' })
  })

  test('leaves nothing half behind when the connection breaks', async () => {
    await expect(find('org/cut', { HF_ENDPOINT: hub })).rejects.toMatchObject({ code: 'TOKENIZER' })
    const repo = join(folder, 'home', 'hub', 'models--org--cut')
    await expect(readFile(join(repo, 'snapshots', COMMIT, 'tokenizer.json'))).rejects.toThrow('ENOENT')
    await expect(find('org/cut', { HF_HOME: join(folder, 'home'), HF_HUB_OFFLINE: 'true' })).rejects.toThrow(
      'HF_HUB_OFFLINE',
    )
  })

  test.each([
    { model: 'org/nothing', message: /revision\/main: HTTP 404$/, hint: /^check the name/ },
    {
      model: 'org/gated',
      message: /HTTP 401$/,
      hint: /accept its terms there and to set HF_TOKEN \(which is not set\)$/,
    },
    {
      model: 'org/weights-only',
      message: /has no tokenizer.json on the hub; it has model.safetensors$/,
      hint: /convert/,
    },
  ])('$model is an error with a way out', async ({ model, message, hint }) => {
    await expect(find(model, { HF_ENDPOINT: hub })).rejects.toMatchObject({
      code: 'TOKENIZER',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
  })

  test('says everything that was tried when there is no hub', async () => {
    await expect(find('org/model', { HF_ENDPOINT: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'TOKENIZER',
      message: expect.stringMatching(
        /^the tokenizer org\/model is no file or folder here, is not in the hub cache, and cannot be downloaded: .*127\.0\.0\.1:1/,
      ),
    })
  })
})

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

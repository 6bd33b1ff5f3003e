import { LoadError, messageOf, type Secrets, type TargetPlan } from '@llmload/core'
import { Agent, request } from 'undici'
import type { Tokenizer } from './tokenizer.js'

/** The server has no `/tokenize`, or one that speaks another language than vLLM's. */
export class ServerHasNone extends Error {}

/** Counting a prompt takes milliseconds: a server that needs longer is not ready for a load test. */
const TIME_LIMIT_MS = 10_000

/** Enough to learn what the words cost quickly, too few to be a load. */
const CONNECTIONS = 4

/** Shorter than any server keeps an idle connection, so that none closes under a request. */
const KEEP_ALIVE_MS = 1_000

/** Characters of a server's answer that go into a message. */
const EXCERPT_CHARS = 300

/**
 * The server's own `/tokenize` as vLLM has it: `{model, prompt, add_special_tokens}` or
 * `{model, messages, add_generation_prompt}` gives `{count}`. It is asked once to see whether it is
 * there. Throws ServerHasNone, or LoadError if the server cannot be reached or fails.
 */
export async function openServerTokenizer(target: TargetPlan, secrets: Secrets): Promise<Tokenizer> {
  const url = `${target.baseUrl}/tokenize`
  const dispatcher = new Agent({
    connections: CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: TIME_LIMIT_MS },
    headersTimeout: TIME_LIMIT_MS,
    bodyTimeout: TIME_LIMIT_MS,
  })
  const headers = headersOf(secrets)
  const post = async (body: object) => {
    try {
      const answer = await request(url, { method: 'POST', headers, body: JSON.stringify(body), dispatcher })
      return { status: answer.statusCode, text: await answer.body.text() }
    } catch (error) {
      throw failed(url, messageOf(error), { cause: error })
    }
  }
  const tokenizer: Tokenizer = {
    kind: 'server',
    description: "the server's /tokenize",
    unitsPerToken: 1,
    countPrompt: async (prompt) => countIn(url, await post(questionOf(target, prompt))),
    countText: null,
    close: () => dispatcher.close(),
  }
  try {
    await tokenizer.countPrompt('The')
  } catch (error) {
    await tokenizer.close()
    throw error
  }
  return tokenizer
}

const questionOf = ({ model, chat }: TargetPlan, prompt: string): object =>
  chat
    ? { model, messages: [{ role: 'user', content: prompt }], add_generation_prompt: true }
    : { model, prompt, add_special_tokens: true }

function headersOf(secrets: Secrets): string[] {
  const authorization = secrets.apiKey === null ? [] : ['authorization', `Bearer ${secrets.apiKey}`]
  return ['content-type', 'application/json', ...authorization, ...secrets.headers.flat()]
}

function countIn(url: string, { status, text }: { status: number; text: string }): number {
  const words = `HTTP ${status}${text === '' ? '' : `: ${text.slice(0, EXCERPT_CHARS)}`}`
  // Too busy is no answer to the question; every other refusal means that there is nothing for us.
  if (status >= 500 || status === 408 || status === 429) throw failed(url, words)
  if (status !== 200) throw new ServerHasNone(`POST ${url}: HTTP ${status}`)
  const count = countField(text)
  if (count === null) throw new ServerHasNone(`POST ${url} answers without a count`)
  return count
}

function countField(text: string): number | null {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer !== 'object' || answer === null || !('count' in answer)) return null
    return typeof answer.count === 'number' && answer.count > 0 ? answer.count : null
  } catch {
    return null
  }
}

const failed = (url: string, what: string, options?: ErrorOptions): LoadError =>
  new LoadError(
    'PREPARE_FAILED',
    `the prompts cannot be counted: POST ${url}: ${what}`,
    'look at the server, or give --tokenizer to count the prompts without it',
    options,
  )

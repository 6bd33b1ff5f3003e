import { setImmediate } from 'node:timers/promises'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { promptFault } from './prompt-fault.js'
import { type MadePrompt, PromptMaker, type PromptOrder } from './prompt-maker.js'
import type { PromptReply, PromptRequest } from './prompt-messages.js'

/** So little that a text waits only milliseconds to be counted. */
const BATCH_BYTES = 64 * 1024

/**
 * The thread that makes prompts, so that nothing is tokenized where sockets are read. Started by
 * PromptSource with a PromptOrder; talks in PromptRequest and PromptReply.
 */
async function serve(port: MessagePort, order: PromptOrder): Promise<void> {
  const reply = (message: PromptReply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
  const fail = (error: unknown) => {
    const { code, message, hint } = promptFault(error, 'prompts cannot be made')
    reply({ type: 'failed', code, message, hint })
    port.close()
  }
  try {
    const maker = await PromptMaker.open(order, (line) => reply({ type: 'note', line }))
    const wanted: number[] = []
    let making = false
    const make = async () => {
      making = true
      while (wanted.length > 0) {
        const prompts = await batch(maker, wanted)
        const buffers = prompts.map(({ body }) => body.buffer)
        reply({ type: 'made', prompts, warnings: maker.warnings }, buffers)
        // Lets texts be counted in between.
        await setImmediate()
      }
      making = false
    }
    port.on('message', (request: PromptRequest) => {
      if (request.type === 'count') {
        reply({ type: 'counted', id: request.id, tokens: maker.countText?.(request.text) ?? 0 })
        return
      }
      wanted.push(...request.indices)
      if (!making) make().catch(fail)
    })
    reply({ type: 'opened', description: maker.description, countsTokens: maker.countText !== null })
  } catch (error) {
    fail(error)
  }
}

/** Takes the first of `wanted` away and makes them. */
async function batch(maker: PromptMaker, wanted: number[]): Promise<MadePrompt[]> {
  const prompts: MadePrompt[] = []
  for (let bytes = 0; bytes < BATCH_BYTES; ) {
    const index = wanted.shift()
    if (index === undefined) break
    const prompt = await maker.make(index)
    prompts.push(prompt)
    bytes += prompt.body.byteLength
  }
  return prompts
}

if (!parentPort) throw new Error('prompt-thread.js runs as a thread only')
await serve(parentPort, workerData)

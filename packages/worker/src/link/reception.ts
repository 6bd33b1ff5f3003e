import type { MasterMessage } from '@llmload/core'

export type MessageOf<Type extends MasterMessage['type']> = Extract<MasterMessage, { type: Type }>

type Handler = (message: MasterMessage) => void

/** Hands every message of the master to the one who waits for its type, now or later. */
export class Reception {
  readonly #over: AbortSignal
  readonly #waiting = new Map<string, Handler>()
  readonly #handlers = new Map<string, Handler>()
  #early: MasterMessage[] = []

  /** @param over when nothing will come any more. */
  constructor(over: AbortSignal) {
    this.#over = over
  }

  take(message: MasterMessage): void {
    const handler = this.#handlers.get(message.type)
    if (handler) return handler(message)
    const deliver = this.#waiting.get(message.type)
    this.#waiting.delete(message.type)
    if (deliver) deliver(message)
    else this.#early.push(message)
  }

  /** The next message of a type. Rejects when nothing will come any more. */
  expect<Type extends MasterMessage['type']>(type: Type): Promise<MessageOf<Type>> {
    const early = this.#early.findIndex((message) => message.type === type)
    if (early >= 0) return Promise.resolve(this.#early.splice(early, 1)[0] as MessageOf<Type>)
    return new Promise((resolve, reject) => {
      if (this.#over.aborted) return reject(this.#over.reason)
      const onOver = () => reject(this.#over.reason)
      this.#over.addEventListener('abort', onOver, { once: true })
      this.#waiting.set(type, (message) => {
        this.#over.removeEventListener('abort', onOver)
        resolve(message as MessageOf<Type>)
      })
    })
  }

  /** Has all messages of a type handled as they come, those that came before at once. */
  handle<Type extends MasterMessage['type']>(type: Type, handler: (message: MessageOf<Type>) => void): void {
    const early = this.#early.filter((message) => message.type === type)
    this.#early = this.#early.filter((message) => message.type !== type)
    this.#handlers.set(type, (message) => handler(message as MessageOf<Type>))
    for (const message of early) this.take(message)
  }
}

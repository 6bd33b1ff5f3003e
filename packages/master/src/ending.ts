/** What ends the sending of requests before its time. */
export type EndCause =
  /** Ctrl-C. */
  | { readonly by: 'interrupted' }
  /** Someone stopped it at the master. */
  | { readonly by: 'stopped'; readonly reason: string }
  /** Too much failed. */
  | { readonly by: 'aborted'; readonly reason: string }
  /** `--fail-on-worker-loss` */
  | { readonly by: 'worker-lost'; readonly reason: string }

/** The one thing that ends a run early: the first cause counts, all others come too late. */
export class Ending {
  readonly #end = new AbortController()
  readonly #cancel = new AbortController()
  #cause: EndCause | null = null

  /** Aborted when there is a cause. */
  readonly signal: AbortSignal = this.#end.signal

  /** Aborted when what is in flight shall not finish either. */
  readonly now: AbortSignal = this.#cancel.signal

  get cause(): EndCause | null {
    return this.#cause
  }

  end(cause: EndCause): void {
    if (this.#cause !== null) return
    this.#cause = cause
    this.#end.abort()
  }

  /** Requests in flight are not waited for any more. */
  cancel(): void {
    this.#cancel.abort()
  }
}

/** An HTTP/1.1 request with a body of known length, or none. */
export interface FastRequest {
  readonly method: string
  readonly path: string
  readonly body: Buffer
}

const BLANK_LINE = '\r\n\r\n'
const MAX_REQUEST_BYTES = 64 * 2 ** 20

/** Bytes of one connection to requests. It knows only what load testers send: a content length, no chunks. */
export class RequestReader {
  #pending: Buffer = Buffer.alloc(0)

  /** Takes one read. Returns the requests that it completes; null once nothing more can be read. */
  push(bytes: Buffer): FastRequest[] | null {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    const requests: FastRequest[] = []
    for (;;) {
      const headEnd = this.#pending.indexOf(BLANK_LINE)
      if (headEnd < 0) return this.#pending.length > MAX_REQUEST_BYTES ? null : requests
      const head = this.#pending.toString('latin1', 0, headEnd)
      const line = /^([A-Z]+) ([^ ?]+)[^ ]* HTTP\/1\.1\r?$/m.exec(head)
      if (line === null || /^transfer-encoding:/im.test(head)) return null
      const bodyAt = headEnd + BLANK_LINE.length
      const end = bodyAt + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
      if (end - bodyAt > MAX_REQUEST_BYTES) return null
      if (end > this.#pending.length) return requests
      const [, method = '', path = ''] = line
      requests.push({ method, path, body: this.#pending.subarray(bodyAt, end) })
      this.#pending = this.#pending.subarray(end)
    }
  }
}

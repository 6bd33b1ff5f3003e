/** Longest quotation of bytes that are no HTTP. */
const MAX_QUOTE_CHARS = 60

/** What a server sent cannot be read as an HTTP/1.x response. The message says what, in its bytes. */
export class NotHttpError extends Error {
  constructor(what: string, bytes?: string) {
    super(bytes === undefined ? what : `${what} ${JSON.stringify(bytes.slice(0, MAX_QUOTE_CHARS))}`)
  }
}

/** The other side closed the connection before a response was complete. */
export class ConnectionClosedError extends Error {
  constructor() {
    super('connection closed')
  }
}

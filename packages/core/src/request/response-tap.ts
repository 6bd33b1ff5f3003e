/** Told of every read of a response body while it goes on. The bytes are only readable during the call. */
export interface ResponseTap {
  data(bytes: Buffer, nowMs: number, start: number, end: number): void
}

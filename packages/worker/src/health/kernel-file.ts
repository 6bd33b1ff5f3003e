import { closeSync, openSync, readSync } from 'node:fs'

/** More than any file that is read here, up to the lines that are looked for. */
const MAX_BYTES = 16 * 1024

/**
 * A file of the kernel that is read over and over. It is opened once: a worker that has run out of
 * file handles must still be able to say how it fares.
 */
export class KernelFile {
  readonly #handle: number | null
  readonly #buffer = Buffer.alloc(MAX_BYTES)

  constructor(path: string) {
    this.#handle = open(path)
  }

  /** Its text now; empty where there is no such file. */
  read(): string {
    if (this.#handle === null) return ''
    try {
      return this.#buffer.toString('latin1', 0, readSync(this.#handle, this.#buffer, 0, MAX_BYTES, 0))
    } catch {
      // Its control group is gone, for example.
      return ''
    }
  }

  close(): void {
    if (this.#handle !== null) closeSync(this.#handle)
  }
}

function open(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch {
    return null
  }
}

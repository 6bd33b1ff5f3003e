import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { appendPlan, type ExistingSummaryFile, type SummaryRow } from '@llmload/core'

/** All of a first row is in there, unless it has thousands of columns. */
const HEAD_BYTES = 256 * 1024

/** Adds a row to a CSV file, under the columns that it has; returns what did not fit, as sentences. Throws what the system says. */
export function appendRow(path: string, row: readonly SummaryRow[]): readonly string[] {
  const file = openSync(path, 'a+')
  try {
    const plan = appendPlan(existing(file), row)
    append(file, plan.text)
    return plan.warnings
  } finally {
    closeSync(file)
  }
}

function existing(file: number): ExistingSummaryFile {
  const { size } = fstatSync(file)
  const head = Buffer.alloc(Math.min(size, HEAD_BYTES))
  const tail = Buffer.alloc(Math.min(size, 1))
  readSync(file, head, 0, head.length, 0)
  readSync(file, tail, 0, tail.length, size - tail.length)
  return { head: head.toString(), tail: tail.toString('latin1') }
}

/** Writes in one piece, so that rows of runs that end together do not mix; all of it, or nothing. */
function append(file: number, text: string): void {
  const bytes = Buffer.from(text)
  const sizeBefore = fstatSync(file).size
  const written = writeSync(file, bytes)
  if (written < bytes.length) {
    ftruncateSync(file, sizeBefore)
    throw new Error(`only ${written} of ${bytes.length} bytes could be written: is the disk full?`)
  }
  sync(file)
}

function sync(file: number): void {
  try {
    fsyncSync(file)
  } catch (error) {
    // A pipe or a terminal has nothing to sync.
    if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL')) throw error
  }
}

import { readdirSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/**
 * Behind the event loop, but not so far that a collection waits for long for a thread that helps it on a host
 * whose cores are all busy.
 */
const NICER_BY = 10

/**
 * Lets the threads of the engine, which compile and collect garbage beside the event loop, give way to it: where
 * one shares a core with it, every socket is read late by a time slice of 3 to 4 ms. To be called before other
 * threads are started. Only Linux has priorities by thread, and everyone may lower them there.
 */
export function yieldHelperThreads(): void {
  if (process.platform !== 'linux') return
  const niceness = Math.min(getPriority() + NICER_BY, constants.priority.PRIORITY_LOW)
  for (const thread of otherThreads()) {
    try {
      setPriority(thread, niceness)
    } catch {
      // It has ended, or a sandbox forbids it: then it stays as it was.
    }
  }
}

function otherThreads(): number[] {
  try {
    return readdirSync('/proc/self/task')
      .map(Number)
      .filter((thread) => thread !== process.pid)
  } catch {
    return []
  }
}

/** Both sides look this often whether they have said something lately, and say something if not … */
export const HEARTBEAT_MS = 1000

/**
 * … and take the connection for dead after this much silence. A busy event loop is late by tenths of
 * seconds, and what a slow network queues before a heartbeat takes a second or two.
 */
export const SILENCE_LIMIT_MS = 5000

/**
 * How long a worker may load after its master has last said what time it is. Less than the silence
 * after which a share is given to others; more than a process is stopped for by what hosts do to it.
 */
export const LEASE_MS = 4000

/** What the clocks of two hosts drift apart between two measurements, and a timer is late, several times over. */
const LEASE_MARGIN_MS = 250

/**
 * How far ahead of its instant a change of shares or of the level of the load is told. A worker that
 * may still load at that instant has heard the master's time since it was told, and so the change too,
 * as a connection keeps the order: nobody loads by what held before.
 * @param worstErrorMs of the clocks of all workers.
 */
export const noticeMs = (worstErrorMs: number): number => LEASE_MS + LEASE_MARGIN_MS + 2 * worstErrorMs

/** Longer numbers than this are no seconds of anybody's. */
const SECONDS = /^\d{1,9}(\.\d{1,9})?$/
/** What dates in HTTP begin with; Date.parse takes a lot more for a date. */
const WEEKDAY = /^[a-z]{3,9},? /i

/**
 * Seconds that a server asks to wait (RFC 9110 §10.2.3): a number of them, or a date, which is held
 * against the server's own `Date` where it sends one, for its clock may be another than ours. Null
 * where it says nothing that can be read; a date that has passed is 0.
 */
export function retryAfterS(retryAfter: string, date: string, wallMs: number): number | null {
  if (SECONDS.test(retryAfter)) return Number(retryAfter)
  const untilMs = dateMs(retryAfter)
  if (untilMs === null) return null
  return Math.max(0, (untilMs - (dateMs(date) ?? wallMs)) / 1000)
}

function dateMs(text: string): number | null {
  const ms = WEEKDAY.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}

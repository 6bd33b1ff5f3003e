import type { Histogram } from '@llmload/core'

/** How late the work of a scheduler was done, for people. */
export function latenessText(latenessUs: Histogram): string {
  const ms = (us: number) => (Number.isNaN(us) ? '-' : (us / 1000).toFixed(3))
  const percentiles = [50, 99].map((percent) => `p${percent} ${ms(latenessUs.percentile(percent))}`)
  return `late by ms: ${[...percentiles, `max ${ms(latenessUs.max)}`].join(', ')}`
}

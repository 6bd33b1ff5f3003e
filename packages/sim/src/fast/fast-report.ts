import { Histogram, type HistogramData } from '@llmload/core'
import { latenessText } from '../engine/lateness.js'
import type { FastServer } from './fast-server.js'

/** What one process of a fast simulator did. */
export interface FastReport {
  readonly streams: number
  readonly chunks: number
  /** How late chunks left, against their due time, in microseconds. */
  readonly latenessUs: HistogramData
}

export const reportOf = ({ streams, chunks, scheduler }: FastServer): FastReport => ({
  streams,
  chunks,
  latenessUs: scheduler.latenessUs.toData(),
})

/** All processes together, in a sentence. */
export function fastSummary(reports: readonly FastReport[]): string {
  const late = new Histogram()
  for (const { latenessUs } of reports) late.merge(latenessUs)
  const sum = (key: 'streams' | 'chunks') => reports.reduce((total, report) => total + report[key], 0)
  return `${sum('chunks')} chunks in ${sum('streams')} streams; ${latenessText(late)}`
}

import { StatsEntry } from '../metrics/stats-entry.js'
import type { TableRow } from '../text/table-layout.js'

/** Method of the rows that hold metrics instead of requests. */
const METRIC_METHOD = 'METRIC'

/** Whether a row counts requests, not values of a metric. */
export const isRequestRow = ({ method }: { readonly method: string }): boolean => method !== METRIC_METHOD

/** The name of the row that sums up the others. */
const AGGREGATED = 'Aggregated'

export interface Rows {
  readonly rows: readonly TableRow[]
  /** The sum of the real requests: of rows of method METRIC a sum would mean nothing. */
  readonly aggregated: TableRow
}

/** Rows of a table with the rates that `rateOf` gives each of them. */
export function tableRows(
  entries: Iterable<StatsEntry>,
  rateOf: (entry: StatsEntry) => { readonly reqPerS: number; readonly failPerS: number },
): Rows {
  const rows = [...entries].map((entry) => ({ entry, ...rateOf(entry) }))
  const requests = rows.filter(({ entry }) => isRequestRow(entry))
  const sum = new StatsEntry('', AGGREGATED)
  for (const { entry } of requests) sum.merge(entry.toData())
  const aggregated = {
    entry: sum,
    reqPerS: requests.reduce((total, { reqPerS }) => total + reqPerS, 0),
    failPerS: requests.reduce((total, { failPerS }) => total + failPerS, 0),
  }
  return { rows, aggregated }
}

/** Rows with rates over a whole window; 0 where it has no length. */
export function totalRows(entries: Iterable<StatsEntry>, windowS: number): Rows {
  return tableRows(entries, ({ numRequests, numFailures }) => ({
    reqPerS: windowS > 0 ? numRequests / windowS : 0,
    failPerS: windowS > 0 ? numFailures / windowS : 0,
  }))
}

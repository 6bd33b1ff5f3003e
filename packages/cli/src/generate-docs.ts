import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runReportJsonSchema } from '@llmload/core'
import { cliPage } from './docs/cli-page.js'
import { errorsPage } from './docs/errors-page.js'
import { metricsPage } from './docs/metrics-page.js'
import { requestLogPage } from './docs/request-log-page.js'
import { validityPage } from './docs/validity-page.js'
import { REPORT_TABLE, RUNS_TABLE } from './history-options.js'
import { SIM_TABLE } from './sim-options.js'

const FILES = {
  'cli.md': cliPage({ runs: RUNS_TABLE, report: REPORT_TABLE, sim: SIM_TABLE }),
  'metrics.md': metricsPage(),
  'errors.md': errorsPage(),
  'request-log.md': requestLogPage(),
  'validity.md': validityPage(),
  'run-report.schema.json': `${JSON.stringify(runReportJsonSchema(), null, 2)}\n`,
}

for (const [file, text] of Object.entries(FILES)) writeFileSync(join('docs', file), text)

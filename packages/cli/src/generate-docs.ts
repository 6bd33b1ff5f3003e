import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cliPage } from './docs/cli-page.js'
import { errorsPage } from './docs/errors-page.js'
import { metricsPage } from './docs/metrics-page.js'
import { SIM_TABLE } from './sim-options.js'

const PAGES = { 'cli.md': cliPage(SIM_TABLE), 'metrics.md': metricsPage(), 'errors.md': errorsPage() }

for (const [file, page] of Object.entries(PAGES)) writeFileSync(join('docs', file), page)

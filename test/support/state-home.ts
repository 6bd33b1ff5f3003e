import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

// Folders of runs go away with the file of tests that made them, and not into the home of who runs it.
const stateHome = mkdtempSync(join(tmpdir(), 'llmload-state-'))
process.env.XDG_STATE_HOME = stateHome
afterAll(() => rmSync(stateHome, { recursive: true, force: true }))

import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { RunsDir } from '@llmload/master'

/**
 * Where folders of runs are kept: in the place that somebody named, else in that of the XDG Base
 * Directory Specification for what a program remembers between its runs.
 */
export function runsDirOf(named: string | null, env: NodeJS.ProcessEnv): RunsDir {
  if (named !== null) return { path: named, isNamed: true }
  const { XDG_STATE_HOME: stateHome = '' } = env
  // The specification: a relative path is invalid and to be ignored.
  const state = isAbsolute(stateHome) ? stateHome : join(homedir(), '.local', 'state')
  return { path: join(state, 'llmload', 'runs'), isNamed: false }
}

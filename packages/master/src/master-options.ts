import type { Clock, Log, RunConfig } from '@llmload/core'
import type { LoadControl } from './load-control.js'
import type { Streams } from './reporters/make-reporters.js'
import type { LogLines, RunsDir } from './run-folder/run-folder.js'
import type { MasterAddress } from './server.js'
import type { WorkerProcesses } from './worker-processes.js'

export interface MasterOptions {
  readonly config: RunConfig
  /** Of the target: scheme, host, port and path prefix, no trailing slash. */
  readonly baseUrl: string
  /** Of llmload. */
  readonly version: string
  /** Starts the worker processes of this host, which shall join the master at an address; null = none. */
  readonly startWorkers: (address: MasterAddress) => WorkerProcesses | null
  /** Where a folder of the run is kept; not given = nowhere. */
  readonly runsDir?: RunsDir | null
}

export interface MasterDeps extends Streams {
  readonly clock: Clock
  readonly log: Log
  /** What `log` prints, for the folder of the run. */
  readonly logLines?: LogLines
  /** First Ctrl-C: no new requests. */
  readonly drain: AbortSignal
  /** Second Ctrl-C: cancel those in flight. */
  readonly now: AbortSignal
  /** Told when there is load that can be changed. */
  readonly onControl?: (control: LoadControl) => void
}

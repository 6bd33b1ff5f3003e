export { type MasterDeps, type MasterOptions, runMaster } from './run-master.js'
export type { MasterAddress } from './server.js'
export type { ProcessEnd, WorkerProcesses } from './worker-processes.js'

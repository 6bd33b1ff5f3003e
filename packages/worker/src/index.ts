export type { MasterAddress } from './link/connect-options.js'
export { runWorker, type WorkerOptions } from './run-worker.js'

export { parseSimOptions, SIM_OPTIONS, type SimOption, type SimOptions } from './options.js'
export type { SimStats } from './server/counters.js'
export { type Sim, startSim } from './sim.js'

import { parentPort, workerData } from 'node:worker_threads'
import { WakeUpOrder } from './wake-up-order.js'

/*
 * The thread of PreciseWakeUp: says when an order is carried out. It sleeps by Atomics.wait, which takes
 * fractions of a millisecond where timers take whole ones. It imports nothing of core, whose modules
 * would cost a second thread 26 MiB.
 */
const order = new WakeUpOrder(workerData)
for (;;) {
  order.carryOut()
  parentPort?.postMessage(null)
}

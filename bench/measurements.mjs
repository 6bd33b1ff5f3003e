/**
 * What `npm run bench` measures, each in a worker process of its own against the stamp server.
 *
 * @typedef {object} Measurement
 * @property {string} name
 * @property {number} users streams at once, or users that wait for arrivals where there is a rate
 * @property {number} [qps] arrivals per second; without it the loop is closed
 * @property {number} [maxRequests]
 * @property {number} seconds
 * @property {number} tokens chunks of an answer; 0 = one JSON body
 * @property {number} ttftMs
 * @property {number} itlMs
 * @property {number} [promptBytes]
 * @property {number} [textBytes] text in each chunk
 * @property {number} [warmUpS] requests sent before are not counted: the machine code of a hot path is made in the first seconds
 * @property {'tokens' | 'requests' | 'pacing' | 'burst' | 'memory'} shows which figures it is for
 */

/** The load of the reference table: a chunk of 290 bytes per stream every 10 ms. */
const paced = (users) => ({
  name: `${users} streams × 100 tokens/s`,
  ...{ users, seconds: 8, tokens: 200, ttftMs: 50, itlMs: 10, warmUpS: 3 },
  shows: 'tokens',
})

/** Requests that all start at once; the answer comes long after the last is sent. */
const burst = (users) => ({
  name: `${users} requests at once`,
  ...{ users, qps: 1_000_000, maxRequests: users, seconds: 2, tokens: 1, ttftMs: 50, itlMs: 0 },
  shows: 'burst',
})

const pacing = (qps) => ({
  name: `${qps} arrivals/s`,
  ...{ users: 1000, qps, seconds: 5, tokens: 5, ttftMs: 50, itlMs: 10, warmUpS: 1 },
  shows: 'pacing',
})

/** @type {Measurement[]} */
export const MEASUREMENTS = [
  ...[500, 1000, 1500, 2000].map(paced),
  ...[64, 1024].map(burst),
  ...[50, 1000].map(pacing),
  {
    name: 'not streamed, 64 users',
    ...{ users: 64, seconds: 4, tokens: 0, ttftMs: 0, itlMs: 0, warmUpS: 1 },
    shows: 'requests',
  },
  {
    name: '10,000 open streams',
    ...{ users: 10_000, seconds: 5, tokens: 5, ttftMs: 1000, itlMs: 1000 },
    shows: 'memory',
  },
  {
    name: 'prompts of 300 KB',
    ...{ users: 200, qps: 40, seconds: 5, tokens: 50, ttftMs: 50, itlMs: 10, promptBytes: 300_000, warmUpS: 1 },
    shows: 'tokens',
  },
  {
    name: 'events of 100 KB',
    ...{ users: 20, seconds: 5, tokens: 50, ttftMs: 50, itlMs: 50, textBytes: 100_000, warmUpS: 1 },
    shows: 'tokens',
  },
]

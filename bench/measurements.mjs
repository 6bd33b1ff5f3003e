/**
 * What `npm run bench` measures, each in a worker process of its own against the stamp server.
 *
 * @typedef {object} Measurement
 * @property {string} name
 * @property {number} users streams at once; with `qps` those that wait for arrivals
 * @property {number} [qps] arrivals per second; without it every user sends again at once
 * @property {number} [maxRequests]
 * @property {number} [burstPeriodS] all users send at once so often
 * @property {number} seconds
 * @property {number} tokens chunks of an answer; 0 = one JSON body, at once
 * @property {number} ttftMs
 * @property {number} itlMs
 * @property {number} [promptBytes]
 * @property {number} [textBytes] text in each chunk; without it a word
 * @property {number} [warmUpS] what is sent before does not count: a hot path is compiled in its first seconds
 * @property {number} [yardstickS] how long a client in C has the same load, to compare with
 * @property {Goal[]} goals
 *
 * @typedef {object} Goal
 * @property {string} what
 * @property {(row: any) => number} of
 * @property {number} [most]
 * @property {number} [least]
 */

const ttftP99 = (most) => ({ what: 'TTFT error p99, ms', of: (row) => row.ttftErrorMs.p99, most })
const chunksPerCpuS = { what: 'chunks per CPU second', of: (row) => row.chunks / row.cpuS, least: 200_000 }

/** The load of the table in docs/design/hot-path.md: 290 bytes per stream every 10 ms, the first after 50 ms. */
const paced = (users, goals) => ({
  name: `${users} streams × 100 tokens/s`,
  ...{ users, seconds: 8, tokens: 200, ttftMs: 50, itlMs: 10, warmUpS: 3, yardstickS: 3, goals },
})

const ttftPerRequest = (users) => ({
  what: 'TTFT error p50 per request, ms',
  of: (row) => row.ttftErrorMs.p50 / users,
  most: 0.05,
})

/** Requests that start at once, each on a new connection. */
const burst = (users) => ({
  name: `${users} requests at once`,
  ...{ users, qps: 1_000_000, maxRequests: users, seconds: 1, tokens: 1, ttftMs: 50, itlMs: 0 },
  goals: [ttftPerRequest(users)],
})

/** The same in a run that lasts: connections are there, and code is compiled. */
const bursts = (users) => ({
  ...{ name: `${users} requests at once, every second`, users, burstPeriodS: 1, seconds: 13, warmUpS: 4 },
  ...{ tokens: 1, ttftMs: 50, itlMs: 0 },
  goals: [ttftPerRequest(users)],
})

const pacing = (qps) => ({
  name: `${qps} arrivals/s`,
  ...{ users: 1000, qps, seconds: 5, tokens: 5, ttftMs: 50, itlMs: 10, warmUpS: 1 },
  goals: [{ what: 'lag p99, ms', of: (row) => row.lagMs.p99, most: 0.5 }],
})

/** @type {Measurement[]} */
export const MEASUREMENTS = [
  paced(500, [ttftP99(0.5), chunksPerCpuS]),
  paced(1000, [ttftP99(5), chunksPerCpuS]),
  paced(1500, [ttftP99(5), chunksPerCpuS]),
  paced(2000, [ttftP99(5), chunksPerCpuS]),
  burst(64),
  burst(1024),
  bursts(64),
  bursts(1024),
  pacing(50),
  pacing(1000),
  {
    name: 'answers that are not streamed',
    ...{ users: 64, seconds: 4, tokens: 0, ttftMs: 0, itlMs: 0, warmUpS: 2 },
    goals: [{ what: 'requests/s', of: (row) => row.ended / row.seconds, least: 30_000 }],
  },
  {
    name: '10000 open streams',
    // Short prompts: their bodies lie in this process, and are no part of what a stream costs.
    ...{ users: 10_000, seconds: 4, tokens: 4, ttftMs: 1500, itlMs: 1500, promptBytes: 200 },
    goals: [
      { what: 'RSS, MiB', of: (row) => row.peakRssBytes / 2 ** 20, most: 400 },
      { what: 'KiB per stream', of: (row) => (row.peakRssBytes - row.idleRssBytes) / 2 ** 10 / 10_000, most: 16 },
    ],
  },
  {
    name: 'prompts of 300 KB, 40/s',
    ...{ users: 200, qps: 40, seconds: 5, tokens: 50, ttftMs: 50, itlMs: 10, promptBytes: 300_000, warmUpS: 1 },
    goals: [ttftP99(5)],
  },
  {
    name: 'events of 100 KB, 400/s',
    ...{ users: 20, seconds: 5, tokens: 50, ttftMs: 50, itlMs: 50, textBytes: 100_000, warmUpS: 1 },
    goals: [ttftP99(5)],
  },
]

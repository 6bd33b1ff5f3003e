import { MAX_QPS, MAX_USERS, QPS_DISTRIBUTIONS } from '../plan.js'
import { type Group, option, RUN } from './option.js'
import { stages } from './stages.js'
import { choice, decimal, integer, orInfinite, span } from './values.js'

const LOAD: Group = { title: 'Load', roles: RUN }

/** At this, gaps vary by 32 of their mean: a burst has a thousand requests at one instant. */
const BURSTIEST = 0.001

/** How many requests, when, and for how long. */
export const LOAD_OPTIONS = {
  users: option({
    group: LOAD,
    alias: 'u',
    type: integer({ min: 1, max: MAX_USERS }),
    default: null,
    unset: '1, or what --stages says',
    help: 'Users, over all workers: the most requests that are in flight at once.',
  }),
  'spawn-rate': option({
    group: LOAD,
    alias: 'r',
    type: decimal({ above: 0 }, 'RATE'),
    default: '1',
    help: 'Users to start per second.',
  }),
  'run-time': option({
    group: LOAD,
    alias: 't',
    type: span({ above: 0 }),
    default: null,
    unset: 'until Ctrl-C',
    help: 'Length of the run, counted from the moment all users are started, or from the end of --warmup.',
  }),
  warmup: option({
    group: LOAD,
    type: span({}),
    default: '0',
    help: 'Let the load go on for so long after all users are started before anything is measured.',
  }),
  'max-requests': option({
    group: LOAD,
    type: integer({ min: 1 }),
    default: null,
    unset: 'no limit',
    help: 'End after so many requests, counted like --run-time.',
  }),
  qps: option({
    group: LOAD,
    type: decimal({ above: 0, max: MAX_QPS }, 'RATE'),
    default: null,
    unset: 'each user sends again when it has its answer',
    help: 'Requests per second over all workers, sent by whichever user is free.',
  }),
  'qps-distribution': option({
    group: LOAD,
    type: choice(QPS_DISTRIBUTIONS),
    default: null,
    unset: 'constant, or gamma with --burstiness',
    help: 'Gaps between the requests of --qps; exponential gaps make a Poisson process.',
  }),
  burstiness: option({
    group: LOAD,
    type: orInfinite(decimal({ min: BURSTIEST })),
    default: null,
    unset: '1, a Poisson process, for gamma gaps',
    help: 'Shape of gamma gaps, as in vLLM: below 1 requests come in bursts, above 1 more evenly, with inf all alike.',
  }),
  stages: option({
    group: LOAD,
    type: stages,
    default: null,
    unset: 'one level all the time',
    help: 'Levels one after the other: 1m:qps=5,1m:qps=5..20,2m:users=100 holds 5 requests per second, ramps to 20, then has 100 users. --run-time is their sum.',
  }),
  burst: option({
    group: LOAD,
    type: span({ above: 0 }),
    default: null,
    unset: 'no bursts',
    help: 'All users send at once, and again so long after they last did, when they have their answer.',
  }),
  'ramping-time': option({
    group: LOAD,
    type: span({ above: 0 }),
    default: null,
    unset: 'no ramp but --spawn-rate',
    help: 'Let the requests in flight grow from 1 to --users in about this time, as llm_bench does: exponentially, by at most 10 per second.',
  }),
  'ramping-warmup-time': option({
    group: LOAD,
    type: span({}),
    default: '30s',
    help: 'One request at a time for so long before --ramping-time begins.',
  }),
  'stop-timeout': option({
    group: LOAD,
    alias: 's',
    type: span({}),
    default: '30s',
    help: 'How long requests in flight may still finish when the run is over. 0 = cancel them at once.',
  }),
  seed: option({
    group: LOAD,
    type: integer({ min: 0 }),
    default: null,
    unset: 'a new one for each run, shown in its log and report',
    help: 'Prompts and random gaps follow from it: the same seed gives the same run. Mind that a server with a prefix cache may still hold the prompts of a run with the same seed.',
  }),
}

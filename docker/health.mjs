// Health check of the container: node health.mjs [PID]. Exit 0 if the llmload that is process 1 (or
// PID) does its work, else 1 and a line that says why not.
//
// A master and a simulator are asked for GET /health. A worker listens on no port, and only its master
// knows whether it loads; here it is only told from one that is stopped or dead.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'

const TIMEOUT_MS = 4000

const pid = process.argv[2] ?? '1'
const problem = await problemOf(pid)
if (problem !== null) {
  process.stderr.write(`unhealthy: ${problem}\n`)
  process.exitCode = 1
}

/** @param {string} pid */
async function problemOf(pid) {
  try {
    const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '?'
    if ('TtZX'.includes(state)) return `process ${pid} is in state ${state}: stopped or dead`
    const url = healthUrl(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'), process.env)
    if (url === null) return null
    const status = await statusOf(url)
    return status === 200 ? null : `${url} answers ${status}`
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.message
  }
}

/** @param {string} url */
function statusOf(url) {
  const { get } = url.startsWith('https:') ? https : http
  // Nothing is told to who answers, and it is this container itself.
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS), rejectUnauthorized: false }
  return new Promise((resolve, reject) => {
    get(url, options, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}

/**
 * Where a process that listens says how it is; null for one that does not. Roles and ports that only
 * a config file names are not seen here: give them as flags or variables.
 *
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env
 */
function healthUrl(argv, env) {
  if (argv[2] === 'sim') return `http://${reachable(flagValue(argv, 'host'))}:${flagValue(argv, 'port') ?? 8000}/health`
  const isMaster = argv.includes('--master') || env.LLMLOAD_MASTER === 'true'
  if (!isMaster) return null
  const host = reachable(flagValue(argv, 'master-bind-host') ?? env.LLMLOAD_MASTER_BIND_HOST)
  const isTls = [flagValue(argv, 'tls'), flagValue(argv, 'tls-cert')].some((flag) => flag !== undefined)
  const scheme = isTls || env.LLMLOAD_TLS === 'true' || env.LLMLOAD_TLS_CERT ? 'https' : 'http'
  return `${scheme}://${host}:${(flagValue(argv, 'master-port') ?? env.LLMLOAD_MASTER_PORT) || 5557}/health`
}

/**
 * The value of `--name value`, `--name=value`, with - or _.
 *
 * @param {readonly string[]} argv
 * @param {string} name
 */
function flagValue(argv, name) {
  for (const [i, argument] of argv.entries()) {
    const [flag = '', ...value] = argument.split('=')
    if (flag.replaceAll('_', '-') !== `--${name}`) continue
    return value.length > 0 ? value.join('=') : argv[i + 1]
  }
  return undefined
}

/** @param {string | undefined} host The address that is listened on. */
function reachable(host) {
  if (!host || host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

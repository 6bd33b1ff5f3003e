import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { hostname } from 'node:os'

/** What a client may do with the master: see that it is there, watch the run, change it. */
export type Role = 'open' | 'viewer' | 'controller'

/** What clients have to show. A token that is null opens nothing. */
interface Tokens {
  readonly worker: string | null
  readonly viewer: string | null
  /** Also opens what the viewer's does. */
  readonly controller: string | null
}

export interface AccessRules {
  readonly tokens: Tokens
  /** Whether other hosts can reach the port. What has no token is open to this host, and closed to others. */
  readonly exposed: boolean
}

/** Why a request is not served: the status of the answer, and a sentence for the one who asked. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405
  readonly why: string
  /** Methods that the path has, with 405. */
  readonly allow?: string
}

/** Why a request may not do what a role may, if so. */
export function refusalOf(request: IncomingMessage, role: Role, rules: AccessRules): Refusal | null {
  const { viewer, controller } = rules.tokens
  if (!isOwnPage(request)) return { status: 403, why: 'pages of other sites may not ask this' }
  if (role === 'open') return null
  const keys = [controller, ...(role === 'viewer' ? [viewer] : [])].filter((key) => key !== null)
  if (keys.length > 0) return refusalOfToken(request, keys)
  if (!rules.exposed && viewer === null) return null
  const variables = role === 'viewer' ? 'LLMLOAD_VIEW_TOKEN or LLMLOAD_CONTROL_TOKEN' : 'LLMLOAD_CONTROL_TOKEN'
  return { status: 403, why: `this is off: the master was started without ${variables}` }
}

/** Why a connection may not be a worker's, if so. */
export function refusalOfWorker(request: IncomingMessage, { tokens }: AccessRules): Refusal | null {
  // Only browsers send it: a page must not be able to join a master on localhost.
  if (request.headers.origin !== undefined) return { status: 403, why: 'browsers cannot be workers' }
  return tokens.worker === null ? null : refusalOfToken(request, [tokens.worker])
}

/**
 * Why the name that a request was sent to is not ours, if so. A name on the internet may be turned
 * into an address of this host while a page from there is open in a browser, which then takes that
 * page and the master for the same site. A master that others can reach has names that it does not
 * know, but nothing that needs no token.
 */
export function refusalOfHost({ headers: { host } }: IncomingMessage, { exposed }: AccessRules): Refusal | null {
  if (exposed || host === undefined || isOwnName(host.replace(/:\d*$/, '').toLowerCase())) return null
  return { status: 403, why: 'this master answers to localhost and to addresses only' }
}

function isOwnName(name: string): boolean {
  if (name === 'localhost' || name.endsWith('.localhost') || name === hostname().toLowerCase()) return true
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0
}

/** Browsers send along of what site the page is that asks; it has to be the one that it asks. */
function isOwnPage({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host?.toLowerCase())
}

function refusalOfToken({ headers: { authorization } }: IncomingMessage, keys: readonly string[]): Refusal | null {
  // Every key is compared, so that the time does not tell which one it is.
  const fits = keys.map((key) => sameSecret(authorization ?? '', `Bearer ${key}`))
  if (fits.includes(true)) return null
  return { status: 401, why: authorization === undefined ? 'no token' : 'wrong token' }
}

/** Takes the same time wherever the two differ, and whatever their lengths. */
function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

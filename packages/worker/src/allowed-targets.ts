import { LoadError } from '@llmload/core'

/**
 * Throws PREPARE_FAILED if a worker must not send load to a target.
 * @param allowed hosts, with or without a port; none = all are.
 */
export function checkTarget(baseUrl: string, allowed: readonly string[]): void {
  const { host, hostname } = new URL(baseUrl)
  if (allowed.length === 0 || allowed.includes(host) || allowed.includes(hostname)) return
  throw new LoadError(
    'PREPARE_FAILED',
    `the master wants load on ${host}, and this worker may send it to ${allowed.join(', ')} only`,
    'add the host to --allow-target of the worker, if it shall be loaded',
  )
}

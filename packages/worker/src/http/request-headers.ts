import { validateHeaderName, validateHeaderValue } from 'node:http'
import { LoadError, type Secrets } from '@llmload/core'

/** What frames the message is the client's: given by hand it would contradict the bytes that are sent. */
const FRAMING = ['content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect']

/**
 * Headers of every request, names and values alternating: ours, without those that the user gives,
 * then the user's in their order. Throws a LoadError BAD_OPTIONS, in which no value is shown.
 */
export function requestHeaders({ apiKey, headers }: Secrets): string[] {
  for (const [name, value] of headers) checkHeader(name, value)
  const given = new Set(headers.map(([name]) => name.toLowerCase()))
  if (headers.filter(([name]) => name.toLowerCase() === 'host').length > 1) {
    throw new LoadError('BAD_OPTIONS', '--header: Host is given twice', 'give it once: servers refuse two')
  }
  const own: [name: string, value: string][] = [
    ['content-type', 'application/json'],
    ['accept', '*/*'],
    ['accept-encoding', 'identity'],
    ['user-agent', 'llmload'],
  ]
  if (apiKey !== null) {
    checkValue('the API key', 'authorization', apiKey)
    own.push(['authorization', `Bearer ${apiKey}`])
  }
  return [...own.filter(([name]) => !given.has(name)), ...headers].flat()
}

function checkHeader(name: string, value: string): void {
  try {
    validateHeaderName(name)
  } catch {
    throw new LoadError('BAD_OPTIONS', `--header: '${name}' is no name of a header`, 'give --header "Name: value"')
  }
  if (FRAMING.includes(name.toLowerCase())) {
    throw new LoadError('BAD_OPTIONS', `--header: ${name} belongs to the connection`, 'leave it out')
  }
  checkValue(`--header: the value of ${name}`, name, value)
}

function checkValue(what: string, name: string, value: string): void {
  try {
    validateHeaderValue(name, value)
  } catch {
    throw new LoadError(
      'BAD_OPTIONS',
      `${what} has a character that no header can hold`,
      'look for line ends, quotation marks of a word processor and other characters beyond Latin-1',
    )
  }
}

import { LoadError, type Secrets } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { requestHeaders } from './request-headers.js'

const OWN = [
  'content-type',
  'application/json',
  'accept',
  '*/*',
  'accept-encoding',
  'identity',
  'user-agent',
  'llmload',
]

const headersOf = (secrets: Partial<Secrets>) => requestHeaders({ apiKey: null, headers: [], ...secrets })

describe('headers', () => {
  test('are ours where nothing is given', () => {
    expect(headersOf({})).toEqual(OWN)
  })

  test('have the API key as a bearer token', () => {
    expect(headersOf({ apiKey: 'k' })).toEqual([...OWN, 'authorization', 'Bearer k'])
  })

  test('that are given take the place of ours, whatever their case, and keep their order', () => {
    const headers: Secrets['headers'] = [
      ['X-B', '1'],
      ['Authorization', 'Basic x'],
      ['User-Agent', 'me'],
      ['X-B', '2'],
    ]
    expect(headersOf({ apiKey: 'k', headers })).toEqual([...OWN.slice(0, 6), ...headers.flat()])
  })

  test.each<{ story: string; secrets: Partial<Secrets>; message: string }>([
    {
      story: 'a name with a space',
      secrets: { headers: [['X A', 'secret']] },
      message: "--header: 'X A' is no name of a header",
    },
    {
      story: 'a length',
      secrets: { headers: [['Content-Length', '5']] },
      message: '--header: Content-Length belongs to the connection',
    },
    {
      story: 'two hosts',
      secrets: {
        headers: [
          ['Host', 'secret'],
          ['host', 'b'],
        ],
      },
      message: '--header: Host is given twice',
    },
    {
      story: 'a value over two lines',
      secrets: { headers: [['X-A', 'secret\nsecret']] },
      message: '--header: the value of X-A has a character that no header can hold',
    },
    {
      story: 'a key with a line end',
      secrets: { apiKey: 'secret\n' },
      message: 'the API key has a character that no header can hold',
    },
  ])('cannot have $story; the error shows no value', ({ secrets, message }) => {
    let thrown: unknown
    try {
      headersOf(secrets)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(LoadError)
    expect(thrown).toMatchObject({ code: 'BAD_OPTIONS', message })
    expect(JSON.stringify(thrown)).not.toContain('secret')
  })
})

import type { LookupAddress } from 'node:dns'
import { systemClock } from '@llmload/core'
import { describe, expect, test } from 'vitest'
import { sharedLookup } from './shared-lookup.js'

/** Looks a name up as node:net does. */
function addressesOf(lookup: ReturnType<typeof sharedLookup>, name: string, all = true) {
  return new Promise<string | LookupAddress[]>((resolve, reject) =>
    lookup(name, { all }, (error, address) => (error ? reject(error) : resolve(address))),
  )
}

describe('a shared lookup', () => {
  test('gives the same addresses to all, the list or the first as it is asked', async () => {
    const lookup = sharedLookup(systemClock())
    const [first, second] = await Promise.all([addressesOf(lookup, 'localhost'), addressesOf(lookup, 'localhost')])
    expect(first).toEqual(second)
    expect(first).toContainEqual(expect.objectContaining({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) }))
    expect(await addressesOf(lookup, 'localhost', false)).toMatch(/^(127\.0\.0\.1|::1)$/)
  })

  test('is never answered before it returns', async () => {
    const lookup = sharedLookup(systemClock())
    await addressesOf(lookup, 'localhost')
    let answered = false
    const answer = new Promise<void>((resolve) =>
      lookup('localhost', { all: true }, () => {
        answered = true
        resolve()
      }),
    )
    expect(answered).toBe(false)
    await answer
  })

  test('tells the error to all who wait, and asks again after it', async () => {
    const lookup = sharedLookup(systemClock())
    const answers = ['a', 'b', 'c'].map(() => addressesOf(lookup, 'no-such-host.invalid'))
    for (const answer of await Promise.allSettled(answers)) expect(answer.status).toBe('rejected')
    await expect(addressesOf(lookup, 'no-such-host.invalid')).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/)
  })
})

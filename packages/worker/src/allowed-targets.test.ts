import { expect, test } from 'vitest'
import { checkTarget } from './allowed-targets.js'

test.each([
  ['http://gpu-1:8000', []],
  ['http://gpu-1:8000', ['gpu-1']], // any port
  ['http://gpu-1:8000/prefix', ['gpu-2', 'gpu-1:8000']],
  ['http://GPU-1', ['gpu-1']],
  ['https://[::1]:8000', ['[::1]']],
])('%s may be loaded by a worker for %o', (target, allowed) => {
  expect(() => checkTarget(target, allowed)).not.toThrow()
})

test.each([
  ['http://gpu-1:8000', ['gpu-1:8001']],
  ['http://gpu-1.example.com', ['gpu-1']],
  ['http://gpu-1@169.254.169.254/', ['gpu-1']],
  ['http://169.254.169.254', ['gpu-1', 'gpu-2']],
])('%s may not, by one for %o', (target, allowed) => {
  expect(() => checkTarget(target, allowed)).toThrow(
    expect.objectContaining({
      code: 'PREPARE_FAILED',
      message: `the master wants load on ${new URL(target).host}, and this worker may send it to ${allowed.join(', ')} only`,
    }),
  )
})

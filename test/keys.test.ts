import { describe, expect, test as plainTest } from 'vitest'
import { Terminal, whyNoTerminal } from './support/terminal.js'

const reason = whyNoTerminal()
const RUN = '-H sim --headless --only-summary -p 20 -o 5 -u 5 -r 50'.split(' ')

const test = plainTest.extend<{ terminal: (args?: readonly string[], within?: readonly string[]) => Terminal }>({
  terminal: async ({ skip }, use) => {
    if (reason !== null) skip(reason)
    await use((args = [], within) => new Terminal([...RUN, ...args], within))
  },
})

const CTRL_C = '\x03'

/** Until there is somebody who minds it: while the process goes on, it takes the terminal again. */
async function pressUntil(run: Terminal, key: string, shown: RegExp): Promise<void> {
  const pressAndLook = (): string => {
    run.type(key)
    return run.screen
  }
  await expect.poll(pressAndLook, { interval: 500 }).toMatch(shown)
}

describe('keys in the terminal', () => {
  test('w and W start users, s and S end them, one is always left', async ({ terminal }) => {
    const run = terminal()
    await run.shows(/All users spawned/)
    run.type('w')
    await run.shows(/changes to 6 users/)
    run.type('W')
    await run.shows(/changes to 16 users/)
    run.type('s')
    await run.shows(/changes to 15 users/)
    run.type('SS')
    await run.shows(/changes to 1 users/)
  })

  test('+ and - change the rate by a tenth', async ({ terminal }) => {
    const run = terminal(['--qps', '10'])
    await run.shows(/All users spawned/)
    run.type('+')
    await run.shows(/and 11 requests\/s/)
    run.type('-')
    await run.shows(/and 10 requests\/s/)
  })

  test('Ctrl-C ends the run in order, and the terminal is as it was', async ({ terminal }) => {
    const run = terminal()
    await run.shows(/Keys: /)
    run.type(CTRL_C)
    await run.ended
    expect(run.screen).toMatch(/interrupted: no new requests.*Shutting down.*Verdict/s)
    expect(run.screen).toMatch(/terminal: as before\s*$/)
  })

  test('SIGTERM does the same', async ({ terminal }) => {
    const run = terminal()
    await run.shows(/Keys: /)
    run.signal('SIGTERM')
    await run.ended
    expect(run.screen).toMatch(/interrupted: no new requests.*Shutting down.*Verdict/s)
    expect(run.screen).toMatch(/terminal: as before\s*$/)
  })

  test('Ctrl-Z hands the terminal to the shell as it was, and after fg keys work again', async ({ terminal }) => {
    const run = terminal([], ['bash', '-c', 'set -m; "$@"; stty -a; read -r; echo "back"; fg', 'bash'])
    await run.shows(/All users spawned/)
    run.type('\x1a')
    const [modes] = await run.shows(/isig.*/)
    expect(modes).toMatch(/^isig icanon/)
    run.type('\n')
    await run.shows(/^back/m)
    await pressUntil(run, 'w', /changes to \d users/)
    run.type(CTRL_C)
    await run.ended
    expect(run.screen).toMatch(/terminal: as before\s*$/)
  })

  test('in the background it leaves the terminal to the shell, which would else stop it', async ({ terminal }) => {
    const run = terminal(['-t', '1s'], ['bash', '-c', 'set -m; "$@" & wait $!', 'bash'])
    expect(await run.ended).toBe(0)
    expect(run.screen).toContain('All users spawned')
  })

  test('a third Ctrl-C ends the process on the spot, and the terminal is as it was all the same', async ({
    terminal,
  }) => {
    const run = terminal()
    await run.shows(/Keys: /)
    run.type(CTRL_C.repeat(3))
    expect(await run.ended).toBe(130)
    expect(run.screen).toMatch(/terminal: as before\s*$/)
  })

  test('function keys are not taken for letters', async ({ terminal }) => {
    const run = terminal()
    await run.shows(/All users spawned/)
    run.type('\x1bOS') // F4
    run.type('w')
    await run.shows(/changes to 6 users/)
    run.type(CTRL_C)
    await run.ended
    expect(run.screen.match(/The load changes/g)).toHaveLength(1)
  })
})

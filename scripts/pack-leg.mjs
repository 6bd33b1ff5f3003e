import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { ROOT, run } from './child.mjs'
import { asOneTest } from './steps.mjs'

/**
 * @import { Ended } from './child.mjs'
 * @import { Step } from './steps.mjs'
 */

/** Beside the Node at hand. */
const NODE_MAJORS = [20, 24]

/**
 * What people install, as they install it: the tarballs in an empty folder, on each Node.
 *
 * @param {string} folder Takes everything that is written.
 * @param {AbortSignal} signal
 * @returns {Step[]}
 */
export function packedSteps(folder, signal) {
  const tarballs = join(folder, 'tarballs')
  const majorAtHand = Number.parseInt(process.versions.node, 10)
  return [
    { name: 'pack', needs: ['build'], run: async () => asOneTest(await pack(tarballs, signal)) },
    {
      name: `packed, Node ${process.versions.node}`,
      needs: ['pack'],
      run: async () => asOneTest(await tryPacked(tarballs, join(folder, 'at-hand'), dirname(process.execPath), signal)),
    },
    ...NODE_MAJORS.filter((major) => major !== majorAtHand).map((major) => ({
      name: `packed, Node ${major}`,
      needs: ['pack'],
      run: async () => asOneTest(await tryPackedOn(major, tarballs, join(folder, `node-${major}`), signal)),
    })),
  ]
}

/**
 * @param {string} tarballs
 * @param {AbortSignal} signal
 */
function pack(tarballs, signal) {
  mkdirSync(tarballs)
  return run('npm', ['pack', '--workspaces', '--pack-destination', tarballs], { signal })
}

/**
 * @param {number} major
 * @param {string} tarballs
 * @param {string} folder
 * @param {AbortSignal} signal
 */
async function tryPackedOn(major, tarballs, folder, signal) {
  const nodeFolder = makeProject(join(folder, 'node'))
  // The registry has Node's binaries under such names, one package per platform.
  const platform = `${process.platform}-${process.arch}`
  const install = await run('npm', ['install', '--no-audit', '--no-fund', `node-${platform}@${major}`], {
    signal,
    cwd: nodeFolder,
  })
  if (!install.ok) return install
  const nodeBin = join(nodeFolder, 'node_modules', `node-${platform}`, 'bin')
  return tryPacked(tarballs, join(folder, 'project'), nodeBin, signal)
}

/**
 * Installs the tarballs and runs what they bring.
 *
 * @param {string} tarballs
 * @param {string} folder
 * @param {string} nodeBin Folder of the `node` to use.
 * @param {AbortSignal} signal
 * @returns {Promise<Ended>}
 */
async function tryPacked(tarballs, folder, nodeBin, signal) {
  const options = { signal, cwd: makeProject(folder), env: { PATH: `${nodeBin}${delimiter}${process.env.PATH}` } }
  const files = readdirSync(tarballs).map((file) => join(tarballs, file))
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages', 'cli', 'package.json'), 'utf8'))
  const loadS3 = '-H sim --qps 5 -u 5 -r 5 -t 3s --headless'.split(' ')

  /** @type {[command: string, args: string[], expected: string][]} */
  const commands = [
    ['npm', ['install', '--no-audit', '--no-fund', ...files], ''],
    ['npx', ['--no', '--', 'llmload', '--version'], version],
    ['npx', ['--no', '--', 'llmload', ...loadS3], 'Aggregated'],
  ]
  let log = ''
  for (const [command, args, expected] of commands) {
    const { ok, output } = await run(command, args, options)
    log += `$ ${command} ${args.join(' ')}\n${output}`
    if (!ok) return { ok, output: log }
    if (!output.includes(expected)) return { ok: false, output: `${log}\nexpected to read '${expected}' in that\n` }
  }
  return { ok: true, output: log }
}

/** @param {string} folder */
function makeProject(folder) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  return folder
}

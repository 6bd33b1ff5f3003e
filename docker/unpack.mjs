// node docker/unpack.mjs PACKED_JSON FOLDER: lays the tarballs of `npm pack --workspaces --json` out
// as a workspace, with the lock file of the checkout, for `npm ci --omit=dev` to complete.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const [, , packedJson = '', folder = ''] = process.argv
/** @type {{ packages: Record<string, { link?: boolean, resolved?: string }> }} */
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))

/** @type {Record<string, { name: string, filename: string }>} By position, or by name since npm 12. */
const packed = JSON.parse(readFileSync(packedJson, 'utf8'))

for (const { name, filename } of Object.values(packed)) {
  const place = lock.packages[`node_modules/${name}`]?.resolved
  if (place === undefined) throw new Error(`${name} is packed, but package-lock.json does not know where it belongs`)
  const target = join(folder, place)
  mkdirSync(target, { recursive: true })
  const tarball = join(dirname(packedJson), filename)
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'])
}
for (const file of ['package.json', 'package-lock.json', '.npmrc', 'LICENSE']) copyFileSync(file, join(folder, file))

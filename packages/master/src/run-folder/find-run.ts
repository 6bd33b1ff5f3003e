import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LoadError, messageOf } from '@llmload/core'
import { FOLDER_NAME } from './layout.js'

/** Folders of the runs that are kept in a place, newest first. Throws RUN_FOLDER if the place cannot be read. */
export function runFolders(runsDir: string): string[] {
  return namesIn(runsDir).map((name) => join(runsDir, name))
}

/**
 * The folder that somebody means: a path, `latest`, or the beginning of the name or of the id of one
 * run in a place. Throws RUN_FOLDER if there is none, or more than one.
 */
export function findRun(word: string, runsDir: string): string {
  if (word !== 'latest' && isFolder(word)) return word
  const names = namesIn(runsDir)
  const [first, ...more] = word === 'latest' ? names.slice(0, 1) : names.filter((name) => isMeant(name, word))
  if (first === undefined) {
    const what = word === 'latest' ? 'no run is' : `no run '${word}' is`
    throw new LoadError('RUN_FOLDER', `${what} kept in ${runsDir}`, 'llmload runs lists those that are')
  }
  if (more.length > 0) {
    const matches = [first, ...more].join(', ')
    throw new LoadError('RUN_FOLDER', `'${word}' may be any of ${matches}`, 'write more of the one that you mean')
  }
  return join(runsDir, first)
}

const isMeant = (name: string, word: string): boolean =>
  word !== '' && (name.startsWith(word) || FOLDER_NAME.exec(name)?.[1]?.startsWith(word) === true)

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** Newest first; none if nothing has ever been kept there. */
function namesIn(runsDir: string): string[] {
  try {
    return readdirSync(runsDir)
      .filter((name) => FOLDER_NAME.test(name))
      .sort()
      .reverse()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new LoadError('RUN_FOLDER', `${runsDir} cannot be read: ${messageOf(error)}`, 'name another with --runs-dir')
  }
}

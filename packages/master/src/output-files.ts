import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { LoadError, messageOf, type OutputConfig } from '@llmload/core'
import { makeFolder } from './make-folder.js'
import { framesPath } from './reporters/frames-file.js'
import { csvPaths } from './reporters/locust-csv.js'
import { verdictPaths } from './reporters/verdict-file.js'

type OutputFiles = Pick<OutputConfig, 'summaryFile' | 'csvPrefix' | 'requestLog' | 'recordFrames'>

/** Before anything else: whether the files of a run can be written. Throws OUTPUT_FILE. */
export function checkOutputFiles(output: OutputFiles): void {
  const { summaryFile, csvPrefix, requestLog, recordFrames } = output
  if (summaryFile !== null) check('--summary-file', summaryFile)
  if (requestLog !== null) check('--request-log', requestLog)
  if (requestLog !== null && recordFrames > 0) check('--record-frames', framesPath(requestLog))
  if (csvPrefix !== null) folderOf('--csv', dirname(csvPrefix))
  if (csvPrefix !== null) for (const path of Object.values(csvPaths(csvPrefix))) check('--csv', path)
  for (const { path } of verdictPaths(output)) check('the file of the verdict', path)
}

function folderOf(option: string, folder: string): void {
  try {
    makeFolder(folder)
  } catch (error) {
    throw unwritable(option, folder, messageOf(error), error)
  }
}

function check(option: string, path: string): void {
  const folder = dirname(path)
  if (!existsSync(folder)) throw unwritable(option, path, `there is no folder ${folder}`)
  try {
    accessSync(existsSync(path) ? path : folder, constants.W_OK)
  } catch (error) {
    throw unwritable(option, path, messageOf(error), error)
  }
  if (!statSync(folder).isDirectory()) throw unwritable(option, path, `${folder} is no folder`)
  if (existsSync(path) && statSync(path).isDirectory()) throw unwritable(option, path, 'it is a folder')
}

function unwritable(option: string, path: string, why: string, cause?: unknown): LoadError {
  return new LoadError(
    'OUTPUT_FILE',
    `${option}: cannot write ${path}: ${why}`,
    'make the folder, or name another file',
    { cause },
  )
}

import { open, rename, rm } from 'node:fs/promises'

/**
 * Writes a file so that at any moment there is all of the new one or all of the old one, whatever
 * stops the process or the host. Throws what the system says.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`
  try {
    const file = await open(fresh, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
  } catch (error) {
    // On a full disk, half a file is in the way of everything else.
    await rm(fresh, { force: true }).catch(() => {})
    throw error
  }
}

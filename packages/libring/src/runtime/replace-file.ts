import { open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Put `text` in place of all that a file holds: whoever opens it sees the old or the new text,
 * whole, whenever the process or the machine ends. Written to `temporary` first, beside it.
 *
 * @throws the system's error; the file is as it was then.
 */
export async function replaceFile(
  path: string,
  text: string,
  how: { readonly temporary: string; readonly mode: number },
): Promise<void> {
  const { temporary, mode } = how
  try {
    const file = await open(temporary, 'w', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  await syncFolderOf(path)
}

/** Without it a loss of power may bring the old file back. Not every system can do it. */
async function syncFolderOf(path: string): Promise<void> {
  try {
    const folder = await open(dirname(path), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {
    // The file itself is in place.
  }
}

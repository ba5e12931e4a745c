import { open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Put `text` in place of what a file holds, by way of a file beside it whose name ends in `.new`. A
 * crash leaves the old text or the new one.
 *
 * @throws the system's error; the file is as it was then.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`
  try {
    await writeSynced(temporary, text, mode)
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  // That the name stands for the new file is on the disk with its folder; some systems cannot sync one.
  await syncFolder(dirname(path)).catch(() => {})
}

async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  await using file = await open(path, 'w', mode)
  await file.writeFile(text)
  await file.sync()
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

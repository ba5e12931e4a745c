import { open, readlink, rename, unlink } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'

/** As many as Linux follows. */
const LINKS_MAX = 40

/**
 * Put `text` in place of what a file holds, by way of a file beside it whose name ends in `.new`. A
 * crash leaves the old text or the new one. What a symbolic link leads to is replaced, not the link; it
 * may be missing so far.
 *
 * @throws the system's error; the file is as it was then.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const real = await behindLinks(path)
  const temporary = `${real}.new`
  try {
    await writeSynced(temporary, text, mode)
    await rename(temporary, real)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  // That the name stands for the new file is on the disk with its folder; some systems cannot sync one.
  await syncFolder(dirname(real)).catch(() => {})
}

/**
 * The file that a path leads to, be it there or not: a link has to lead to the new text as it led to the
 * old one.
 */
async function behindLinks(path: string): Promise<string> {
  for (let links = 0, file = path; links <= LINKS_MAX; links++) {
    const target = await readlink(file).catch(() => undefined)
    if (target === undefined) return file
    // Not made shorter: what `..` is from behind a link, only the system knows.
    file = isAbsolute(target) ? target : `${dirname(file)}/${target}`
  }
  throw new Error(`more than ${LINKS_MAX} symbolic links in a row`)
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

import { open, readlink, rename, unlink } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'

/** As many as Linux follows. */
const LINKS_MAX = 40

/**
 * Put `text` in place of all that a file holds: whoever opens it sees the old or the new text,
 * whole, whenever the process or the machine ends. Written first beside it, to a file whose name ends
 * in `suffix`. What a symbolic link leads to is replaced, not the link; it may be missing so far.
 *
 * @throws the system's error; the file is as it was then.
 */
export async function replaceFile(
  path: string,
  text: string,
  how: { readonly suffix: string; readonly mode: number },
): Promise<void> {
  const real = await behindLinks(path)
  const temporary = `${real}${how.suffix}`
  try {
    const file = await open(temporary, 'w', how.mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, real)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  }
  await syncFolderOf(real)
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

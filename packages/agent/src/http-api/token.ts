import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'

const TOKEN = /^[\x21-\x7e]{16,512}$/

/**
 * The token in the file; one is drawn and written (mode 0600) where there is no such file.
 *
 * @param onGenerated hears of a new one, to show it once.
 * @throws {TypeError} when what the file holds is no token: 16 to 512 printable characters.
 *   Whatever reading or writing the file throws.
 */
export async function readOrCreateToken(
  path: string,
  onGenerated: (token: string) => void = () => {},
): Promise<string> {
  try {
    const token = randomBytes(32).toString('base64url')
    // Fails where the file is there: two agents that start at once agree on one token.
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${token}\n`)
    } finally {
      await file.close()
    }
    onGenerated(token)
    return token
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return requireToken(`the file ${path}`, (await readFile(path, 'utf8')).trim())
}

export function requireToken(option: string, token: string): string {
  if (TOKEN.test(token)) return token
  throw new TypeError(`${option} must hold 16 to 512 printable ASCII characters without spaces`)
}

/** Whether the header bears the token, in a time that does not tell how much of it is right. */
export function bearsToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto'

const MAC_BYTES = 16

/**
 * Tells the marks of members from forged ones, by a secret that members share. A mark holds for
 * one method and one path only.
 */
export class Credentials {
  readonly #secrets: readonly KeyObject[]

  /** @param secrets the first signs, all are accepted; with none, every mark is believed. */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.map((secret) => createSecretKey(Buffer.from(secret)))
  }

  /** Whether marks cannot be forged. */
  get isShared(): boolean {
    return this.#secrets.length > 0
  }

  /** The mark as it is sent. */
  sign(mark: string, method: string, path: string): string {
    const [secret] = this.#secrets
    if (secret === undefined) return mark
    return `${mark} ${mac(secret, mark, method, path).toString('base64url')}`
  }

  /** The mark that was sent, or `undefined` where it is not of a member. Never throws. */
  verify(sent: string, method: string, path: string): string | undefined {
    if (!this.isShared) return sent
    const [mark, signature] = sent.split(' ', 2)
    const given = Buffer.from(signature ?? '', 'base64url')
    if (given.length !== MAC_BYTES) return undefined
    const isGenuine = this.#secrets.some((secret) => {
      return timingSafeEqual(given, mac(secret, mark!, method, path))
    })
    return isGenuine ? mark : undefined
  }
}

function mac(secret: KeyObject, mark: string, method: string, path: string): Buffer {
  const text = `${mark}\n${method}\n${path}`
  return createHmac('sha256', secret).update(text).digest().subarray(0, MAC_BYTES)
}

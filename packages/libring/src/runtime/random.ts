import { randomBytes } from 'node:crypto'
import { seededRandom, type Random } from '../base/random.ts'

/** A generator that nobody can foretell, seeded by the system. */
export function unforeseenRandom(): Random {
  return seededRandom(randomBytes(6).readUIntBE(0, 6), randomBytes(16).toString('hex'))
}

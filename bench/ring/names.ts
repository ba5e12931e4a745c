import { createHash } from 'node:crypto'

export type NameKind = 'numbered' | 'host' | 'uuid'

export const NAME_KINDS: readonly NameKind[] = ['numbered', 'host', 'uuid']

/** Draws below a limit, replayed from a seed. */
export function draws(seed: string): (limit: number) => number {
  let count = 0
  return (limit) => {
    const digest = createHash('sha256').update(`${seed}/${count++}`).digest()
    return digest.readUInt32BE(0) % limit
  }
}

/** `count` different names of a kind; another `seed` gives other names. */
export function nameSet(kind: NameKind, seed: number, count: number): string[] {
  const draw = draws(`${kind}/${seed}`)
  const names = new Set<string>()
  while (names.size < count) names.add(nameOf(kind, seed * 10_000 + names.size, draw))
  return [...names]
}

function nameOf(kind: NameKind, index: number, draw: (limit: number) => number): string {
  switch (kind) {
    case 'numbered':
      return `node-${index}`
    case 'host':
      return `ip-10-${draw(256)}-${draw(256)}-${draw(256)}.eu-west-1.compute.internal`
    case 'uuid': {
      const hex = Array.from({ length: 8 }, () => draw(0x10000).toString(16).padStart(4, '0'))
      const [a, b, c, d, e, ...rest] = hex
      return `${a}${b}-${c}-${d}-${e}-${rest.join('')}`
    }
  }
}

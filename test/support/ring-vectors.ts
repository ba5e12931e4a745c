import { readFileSync } from 'node:fs'

/** The parsed vector file of test/vectors/ring with this name. `T` is what the file is known to hold. */
export function ringVectors<T>(name: string): T {
  const url = new URL(`../vectors/ring/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as T
}

/** Members called `node-0` up to `node-<count - 1>`. */
export function nodes(count: number): { name: string }[] {
  return Array.from({ length: count }, (_, i) => ({ name: `node-${i}` }))
}

export function namesOf(members: readonly { readonly name: string }[]): string[] {
  return members.map(({ name }) => name)
}

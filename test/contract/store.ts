import { describe, expect, test } from 'vitest'
import type { Store } from '../../packages/libring/src/ports/store.ts'

/** Several stores, one after the other, over one and the same file. */
export interface StoreCase {
  /** A store as a new process would have it. The one before is given up without a word. */
  reopen(): Store
}

/** What every store promises. Run it for the file and for the simulated one alike. */
export function storeContract(name: string, create: () => StoreCase): void {
  async function linesOf(store: Store): Promise<(string | undefined)[]> {
    const lines: (string | undefined)[] = []
    await store.open((line) => lines.push(line))
    return lines
  }

  describe(`${name} keeps the store contract`, () => {
    test('is empty at first', async () => {
      const store = create().reopen()
      expect(await linesOf(store)).toEqual([])
      expect(store.bytes).toBe(0)
    })

    test('gives back what was appended, in order', async () => {
      const disk = create()
      const store = disk.reopen()
      await linesOf(store)
      await store.append(['a', 'b b'], { durable: false })
      await store.append([], { durable: false })
      await store.append(['c'], { durable: true })
      expect(await linesOf(disk.reopen())).toEqual(['a', 'b b', 'c'])
    })

    test('appends to what is there', async () => {
      const disk = create()
      for (const line of ['a', 'b']) {
        const store = disk.reopen()
        await linesOf(store)
        await store.append([line], { durable: true })
      }
      expect(await linesOf(disk.reopen())).toEqual(['a', 'b'])
    })

    test('puts lines in place of all others, and appends to those', async () => {
      const disk = create()
      const store = disk.reopen()
      await linesOf(store)
      await store.append(['a', 'b'], { durable: false })
      await store.replace(['c', 'd'])
      await store.append(['e'], { durable: true })
      expect(await linesOf(disk.reopen())).toEqual(['c', 'd', 'e'])
    })

    test('knows how large it is', async () => {
      const disk = create()
      const store = disk.reopen()
      await linesOf(store)
      await store.append(['abc', ''], { durable: true })
      expect(store.bytes).toBe(5)
      await store.replace(['abc', 'd'])
      expect(store.bytes).toBe(6)
      const again = disk.reopen()
      await linesOf(again)
      expect(again.bytes).toBe(6)
    })

    test('may be closed more than once', async () => {
      const store = create().reopen()
      await linesOf(store)
      await store[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    })
  })
}

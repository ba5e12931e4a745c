import { expect, test } from 'vitest'
import { expectExample } from '../../support/example.ts'

test('the origin is asked once for each page, and again only for what moved', async () => {
  const output = await expectExample('cache', [
    /All \d+ reads got the page they wanted/,
    /the origin was asked once for each of 200 pages, not \d+ times/,
    /Then it was not asked at all/,
    /once for each of the \d+ pages that moved there; the other \d+ stayed/,
    /When basil was killed, once for each of \d+ pages/,
  ])
  const moved = Number(/the (\d+) pages that moved/.exec(output)?.[1])
  expect(moved, 'a fair share is 50 of 200').toBeLessThan(100)
})

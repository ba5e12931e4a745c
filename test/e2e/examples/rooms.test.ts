import { expect, test } from 'vitest'
import { expectExample } from '../../support/example.ts'

test('everybody in a room meets at one member after each change', async () => {
  const met = (when: string): RegExp => {
    return new RegExp(`All 80 guests met ${when}: each room at one member, everyone heard by`)
  }
  const output = await expectExample('rooms', [
    met('in the beginning'),
    met('after basil was killed'),
    met('after dill had joined'),
    met('after anise had left'),
  ])
  const again = Number(/(\d+) of 80 guests had to connect again/.exec(output)?.[1])
  expect(again).toBeGreaterThan(0)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyedFifo } from '../../../packages/libring/src/base/keyed-fifo.ts'

test('items come out in the order in which their keys were last pushed', () => {
  const queue = new KeyedFifo<string, number>()
  queue.push('a', 1)
  queue.push('b', 2)
  queue.push('a', 3)
  expect([queue.take(), queue.take(), queue.take()]).toEqual([2, 3, undefined])
})

test('it behaves like a list that is searched, whatever is done to it', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const action = fc.oneof(
    fc.record({ do: fc.constant('push' as const), key, item: fc.nat() }),
    fc.record({ do: fc.constant('delete' as const), key }),
    fc.record({ do: fc.constant('take' as const) }),
    fc.record({ do: fc.constant('clear' as const) }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
      const queue = new KeyedFifo<string, number>()
      let list: [string, number][] = []
      for (const step of actions) {
        if (step.do === 'push') {
          queue.push(step.key, step.item)
          list = [...list.filter(([known]) => known !== step.key), [step.key, step.item]]
        } else if (step.do === 'delete') {
          queue.delete(step.key)
          list = list.filter(([known]) => known !== step.key)
        } else if (step.do === 'take') {
          expect(queue.take()).toBe(list.shift()?.[1])
        } else {
          queue.clear()
          list = []
        }
        expect(queue.values()).toEqual(list.map(([, item]) => item))
        expect([queue.size, queue.has('a'), queue.get('b')]).toEqual([
          list.length,
          list.some(([known]) => known === 'a'),
          list.find(([known]) => known === 'b')?.[1],
        ])
      }
    }),
    { seed: 7, numRuns: 300 },
  )
})

import { expect, test } from 'vitest'
import { Listeners } from '../../../packages/libring/src/gossip/listeners.ts'

interface Events {
  readonly beat: number
  readonly other: string
}

function aSetOfListeners(): { listeners: Listeners<Events>; heard: string[]; faults: unknown[] } {
  const faults: unknown[] = []
  return { listeners: new Listeners<Events>((_, error) => faults.push(error)), heard: [], faults }
}

test('listeners hear their type, in the order in which they were added', () => {
  const { listeners, heard } = aSetOfListeners()
  listeners.add('beat', (n) => heard.push(`first ${n}`))
  listeners.add('beat', (n) => heard.push(`second ${n}`))
  listeners.add('other', (text) => heard.push(text))
  listeners.tell('beat', 1)
  expect(heard).toEqual(['first 1', 'second 1'])
})

test('a listener that stopped hears nothing, even of what is just being told', () => {
  const { listeners, heard } = aSetOfListeners()
  const stops: (() => void)[] = []
  listeners.add('beat', () => stops[0]!())
  stops.push(listeners.add('beat', (n) => heard.push(`${n}`)))
  listeners.tell('beat', 1)
  listeners.tell('beat', 2)
  expect(heard).toEqual([])
})

test('a function added twice is called twice, and taken away one by one', () => {
  const { listeners, heard } = aSetOfListeners()
  const listener = (n: number): void => void heard.push(`${n}`)
  const stop = listeners.add('beat', listener)
  listeners.add('beat', listener)
  stop()
  stop()
  listeners.tell('beat', 1)
  expect(heard).toEqual(['1'])
})

test('one that throws keeps nobody from hearing', () => {
  const { listeners, heard, faults } = aSetOfListeners()
  listeners.add('beat', () => {
    throw new Error('broken')
  })
  listeners.add('beat', (n) => heard.push(`${n}`))
  listeners.tell('beat', 1)
  expect([heard, faults]).toEqual([['1'], [new Error('broken')]])
})

test('nor does one that fails in its own time, and that is told as well', async () => {
  const { listeners, heard, faults } = aSetOfListeners()
  // As plain JavaScript, and TypeScript without a linter, let anybody do.
  const late = async (): Promise<void> => await Promise.reject(new Error('broken'))
  listeners.add('beat', late as () => void)
  listeners.add('beat', (n) => heard.push(`${n}`))
  listeners.tell('beat', 1)
  await expect.poll(() => faults).toEqual([new Error('broken')])
  expect(heard).toEqual(['1'])
})

test('of what can be changed each has its own, of other things all have the same', () => {
  const listeners = new Listeners<{ readonly list: string[] }>(() => {})
  const heard: string[][] = []
  for (const name of ['first', 'second', 'third']) {
    listeners.add('list', (list) => {
      list.push(name)
      heard.push(list)
    })
  }
  listeners.tell('list', ['told'], (list) => [...list])
  expect(heard).toEqual([
    ['told', 'first'],
    ['told', 'second'],
    ['told', 'third'],
  ])
  listeners.tell('list', ['told'])
  expect(heard.slice(3)).toEqual(Array(3).fill(['told', 'first', 'second', 'third']))
})

test('what is told from within a listener comes after what everybody is hearing', () => {
  const { listeners, heard } = aSetOfListeners()
  listeners.add('beat', (n) => {
    if (n === 1) listeners.tell('beat', 2)
  })
  listeners.add('beat', (n) => heard.push(`${n}`))
  listeners.tell('beat', 1)
  expect(heard).toEqual(['1', '2'])
})

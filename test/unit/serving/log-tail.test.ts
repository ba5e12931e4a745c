import { expect, test } from 'vitest'
import { LINES_KEPT, LogTail } from '../../../packages/libring/src/serving/log-tail.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const tail = () => new LogTail(() => 'NOW', silent)

const circle: Record<string, unknown> = {}
circle['self'] = circle

test.each<[string, unknown, string]>([
  ['text and numbers as they are', 'a b', 'a b'],
  ['nothing as what it is', undefined, 'undefined'],
  ['an error by its message', new Error('no answer'), 'no answer'],
  [
    'whom was tried, and why in vain',
    [{ host: '10.0.0.7:7946', reason: 'refused' }],
    '[{"host":"10.0.0.7:7946","reason":"refused"}]',
  ],
  [
    'numbers of any size and errors within it too',
    { at: 2n ** 63n, error: new Error('late') },
    '{"at":"9223372036854775808","error":"late"}',
  ],
  ['what holds itself by its kind', circle, '[object Object]'],
])('a field of a line shows %s', (_, value, shown) => {
  const log = tail()
  log.warn('it happened', { value })
  expect(log.lines).toEqual([`NOW [WARN] it happened value=${shown}`])
})

test('only the last lines are kept, and each is short', () => {
  const log = tail()
  for (let count = 0; count <= LINES_KEPT; count++) log.info(`${count} ${'x'.repeat(10_000)}`)
  expect(log.lines).toHaveLength(LINES_KEPT)
  expect(log.lines[0]).toMatch(/^NOW \[INFO\] 1 x+$/)
  expect(log.lines[0]?.length).toBe(4_096)
})

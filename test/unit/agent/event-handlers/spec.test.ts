import { expect, test } from 'vitest'
import { isMeant, parseHandlers } from '../../../../packages/agent/src/event-handlers/spec.ts'

test('a script alone is run for all that Serf tells, and for no step of a partition', () => {
  const [spec] = parseHandlers('./all.sh')
  expect(spec).toEqual({ type: '*', name: undefined, script: './all.sh' })
  expect(isMeant(spec!, 'member-join')).toBe(true)
  expect(isMeant(spec!, 'query', 'any')).toBe(true)
  expect(isMeant(spec!, 'partition-acquire')).toBe(false)
})

test('types before it are separated by commas, and what is behind the first = is the script', () => {
  expect(parseHandlers('member-join,user:deploy=A=1 ./x.sh')).toEqual([
    { type: 'member-join', name: undefined, script: 'A=1 ./x.sh' },
    { type: 'user', name: 'deploy', script: 'A=1 ./x.sh' },
  ])
})

test('a name is that of a user event or a query', () => {
  const [spec] = parseHandlers('query:load=./x.sh')
  expect([isMeant(spec!, 'query', 'load'), isMeant(spec!, 'query', 'other')]).toEqual([true, false])
  expect(isMeant(spec!, 'user', 'load')).toBe(false)
})

test.each(['member-joined=./x.sh', 'member-join:a=./x.sh', 'user=', 'member-join, =./x.sh', ''])(
  '%j is refused',
  (text) => {
    expect(() => parseHandlers(text)).toThrow(/^event_handlers: /)
  },
)

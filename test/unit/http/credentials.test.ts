import { expect, test } from 'vitest'
import { Credentials } from '../../../packages/libring/src/http/credentials.ts'

const MARK = '1;7;p;1a2b3c4d;1;;'

test('a mark is believed by whoever shares the secret, for its method and path', () => {
  const ours = new Credentials(['the secret of members'])
  const sent = ours.sign(MARK, 'GET', '/carts')
  expect(ours.verify(sent, 'GET', '/carts')).toBe(MARK)
  expect(
    new Credentials(['a newer one', 'the secret of members']).verify(sent, 'GET', '/carts'),
  ).toBe(MARK)
  expect(ours.verify(sent, 'POST', '/carts')).toBeUndefined()
  expect(ours.verify(sent, 'GET', '/other')).toBeUndefined()
  expect(ours.verify(sent.replace('7', '8'), 'GET', '/carts')).toBeUndefined()
  expect(new Credentials(['the secret of others']).verify(sent, 'GET', '/carts')).toBeUndefined()
})

test('a mark without a signature, or with half of one, is not believed', () => {
  const ours = new Credentials(['the secret of members'])
  const sent = ours.sign(MARK, 'GET', '/')
  for (const bad of [MARK, `${MARK} `, sent.slice(0, -4), `${sent}AAAA`, '', ' ', '\0']) {
    expect(ours.verify(bad, 'GET', '/'), bad).toBeUndefined()
  }
})

test('without a secret, every mark is what it says', () => {
  const none = new Credentials([])
  expect([none.isShared, none.sign(MARK, 'GET', '/'), none.verify(MARK, 'GET', '/')]).toEqual([
    false,
    MARK,
    MARK,
  ])
})

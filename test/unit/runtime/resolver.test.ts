import { expect, test } from 'vitest'
import type { Resolution } from '../../../packages/libring/src/ports/resolver.ts'
import { SystemResolver } from '../../../packages/libring/src/runtime/resolver.ts'

function resolve(name: string): Promise<Resolution> {
  return new Promise((resolve) => {
    new SystemResolver().resolve(name, resolve)
  })
}

test.each([
  ['10.0.0.7', '10.0.0.7'],
  ['::FFFF:10.0.0.7', '10.0.0.7'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
])('the address %s resolves to itself', async (name, address) => {
  expect(await resolve(name)).toEqual({ addresses: [address] })
})

test('the answer never comes within the call', async () => {
  const steps: string[] = []
  await new Promise<void>((done) => {
    new SystemResolver().resolve('10.0.0.7', () => {
      steps.push('answer')
      done()
    })
    steps.push('returned')
  })
  expect(steps).toEqual(['returned', 'answer'])
})

test('a name of the hosts file resolves to its addresses', async () => {
  const { addresses = [] } = await resolve('localhost')
  expect(addresses.some((address) => address === '127.0.0.1' || address === '::1')).toBe(true)
})

test('a name that cannot exist is an error', async () => {
  const resolution = await resolve('no-such-name.invalid')
  expect(resolution).toHaveProperty('error')
})

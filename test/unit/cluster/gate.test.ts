import { beforeEach, expect, test } from 'vitest'
import { Gate } from '../../../packages/libring/src/cluster/gate.ts'
import { calm, stateOf } from '../../support/cluster.ts'

let gate: Gate
let calls: string[]
let onCheck: () => void

beforeEach(() => {
  calls = []
  onCheck = () => {}
  gate = new Gate(() => onCheck())
})

const call = (name: string) => () => calls.push(name)

test('open, it is as if it were not there', () => {
  expect(gate.pass(() => 7)).toBe(7)
  const fail = (): never => {
    throw new Error('mine')
  }
  expect(() => gate.pass(fail)).toThrow('mine')
})

test('closed, all wait until it is opened, and go on in the order in which they came', async () => {
  gate.close()
  gate.close()
  for (const name of ['a', 'b', 'c']) void gate.pass(call(name))
  await calm()
  expect(calls).toEqual([])
  gate.open()
  await calm()
  expect(calls).toEqual(['a', 'b', 'c'])
  expect(gate.pass(() => 'd')).toBe('d')
})

test('whoever comes may close it, and waits as well', async () => {
  onCheck = () => gate.close()
  void gate.pass(call('a'))
  await calm()
  expect(calls).toEqual([])
  onCheck = () => {}
  gate.open()
  await calm()
  expect(calls).toEqual(['a'])
})

test('closed again before those who waited have gone on, it holds them', async () => {
  gate.close()
  void gate.pass(call('a'))
  gate.open()
  gate.close()
  await calm()
  expect(calls).toEqual([])
  gate.open()
  await calm()
  expect(calls).toEqual(['a'])
})

test('who was called off meanwhile is not called', async () => {
  const controller = new AbortController()
  gate.close()
  const passed = gate.pass(call('a'), controller.signal) as Promise<unknown>
  controller.abort(new Error('off'))
  gate.open()
  expect(await stateOf(passed)).toBe('Error: off')
  expect(calls).toEqual([])
})

import { afterEach, describe, expect, test } from 'vitest'
import { ProcessSignals } from '../../../packages/libring/src/runtime/signals.ts'

const signals = new ProcessSignals()
const stops: (() => void)[] = []

afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

function watch(names: readonly string[]): string[] {
  const heard: string[] = []
  stops.push(signals.watch(names, (name) => heard.push(name)))
  return heard
}

test('a signal that is watched is told, each time it comes', async () => {
  const heard = watch(['SIGUSR2', 'SIGWINCH'])
  process.kill(process.pid, 'SIGUSR2')
  await expect.poll(() => heard).toEqual(['SIGUSR2'])
  process.kill(process.pid, 'SIGUSR2')
  await expect.poll(() => heard).toEqual(['SIGUSR2', 'SIGUSR2'])
})

test('nothing is left on the process once the watch ends', () => {
  const before = process.listenerCount('SIGUSR2')
  const stop = signals.watch(['SIGUSR2', 'SIGUSR2'], () => {})
  expect(process.listenerCount('SIGUSR2')).toBe(before + 1)
  stop()
  stop()
  expect(process.listenerCount('SIGUSR2')).toBe(before)
})

describe('what cannot be caught is refused, and nothing is watched then:', () => {
  test.each(['SIGKILL', 'SIGSTOP', 'sigterm', 'exit', 'toString', ''])('%o', (name) => {
    const before = process.listenerCount('SIGUSR2')
    expect(() => watch(['SIGUSR2', name])).toThrow(
      expect.objectContaining({ option: 'signals[1]', code: 'LIBRING_OPTION_INVALID' }),
    )
    expect(process.listenerCount('SIGUSR2')).toBe(before)
  })
})

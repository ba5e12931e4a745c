import { expect, test } from 'vitest'
import {
  guardedLogger,
  LOGGER_METHODS,
} from '../../../packages/libring/src/gossip/guarded-logger.ts'
import type { Logger } from '../../../packages/libring/src/ports/logger.ts'
import { LogBook } from '../../support/simulated-node.ts'

function loggerOf(write: () => unknown): Logger {
  return { debug: write, info: write, warn: write, error: write }
}

test('every line goes through, with its fields, to the very logger', () => {
  const book = new LogBook()
  const logger = guardedLogger(book)
  for (const level of LOGGER_METHODS) logger[level](`a ${level}`, { level })
  expect(book.lines).toEqual(
    LOGGER_METHODS.map((level) => ({ level, message: `a ${level}`, fields: { level } })),
  )
})

test('a logger that throws does no harm', () => {
  const logger = guardedLogger(
    loggerOf(() => {
      throw new Error('disk full')
    }),
  )
  for (const level of LOGGER_METHODS) expect(() => logger[level]('line')).not.toThrow()
})

test('a logger that writes in its own time and fails does no harm', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    const logger = guardedLogger(loggerOf(() => Promise.reject(new Error('disk full'))))
    for (const level of LOGGER_METHODS) logger[level]('line')
    // Rejections are told once the queue of microtasks is empty.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('unhandledRejection', note)
  }
  expect(unhandled).toEqual([])
})

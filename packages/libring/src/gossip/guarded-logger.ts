import type { LogFields, Logger } from '../ports/logger.ts'

/** A logger that nobody hears. */
export const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** `logger`, but what it throws is swallowed: that a line cannot be written must not stop a node. */
export function guardedLogger(logger: Logger): Logger {
  function guarded(level: keyof Logger) {
    return (message: string, fields?: LogFields): void => {
      try {
        const written: unknown = logger[level](message, fields)
        // One that writes in its own time may fail in its own time.
        if (written instanceof Promise) written.catch(() => {})
      } catch {
        // There is nobody left to tell.
      }
    }
  }
  return {
    debug: guarded('debug'),
    info: guarded('info'),
    warn: guarded('warn'),
    error: guarded('error'),
  }
}

/** What every logger has. */
export const LOGGER_METHODS: readonly (keyof Logger)[] = ['debug', 'info', 'warn', 'error']

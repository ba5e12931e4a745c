import type { LogFields, Logger } from '../ports/logger.ts'

/** Lines that are kept for a monitor that comes later; as many as an agent keeps. */
export const LINES_KEPT = 512

/** Most characters of a line. */
const LINE_MAX = 4_096

const LEVEL_NAMES: Readonly<Record<keyof Logger, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERR',
}

/**
 * A logger that keeps its last lines, for whoever monitors the node over the RPC, and passes
 * everything on to another one.
 */
export class LogTail implements Logger {
  readonly #now: () => string
  readonly #next: Logger
  readonly #lines: string[] = []
  readonly #watchers = new Set<(line: string) => void>()

  /** @param now date and time, as a line begins with them. */
  constructor(now: () => string, next: Logger) {
    this.#now = now
    this.#next = next
  }

  /** The last ones, oldest first. */
  get lines(): readonly string[] {
    return this.#lines
  }

  /** Hear of lines from now on. Returns how to stop. */
  watch(watcher: (line: string) => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields)
  }

  #write(level: keyof Logger, message: string, fields: LogFields = {}): void {
    this.#next[level](message, fields)
    const values = Object.entries(fields).map(([name, value]) => ` ${name}=${textOf(value)}`)
    const line = `${this.#now()} [${LEVEL_NAMES[level]}] ${message}${values.join('')}`
    const shown = line.slice(0, LINE_MAX)
    this.#lines.push(shown)
    if (this.#lines.length > LINES_KEPT) this.#lines.shift()
    for (const watcher of this.#watchers) watcher(shown)
  }
}

/** What is neither plain nor an error is shown as JSON, if it can be. */
function textOf(value: unknown): string {
  if (value instanceof Error) return value.message
  if (typeof value !== 'object' || value === null) return String(value)
  try {
    return JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'bigint' || part instanceof Error ? textOf(part) : part,
    )
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** Values that go with a log line, by the names of the field. */
export type LogFields = Readonly<Record<string, unknown>>

/** Four methods. `console` and pino fit as they are. */
export interface Logger {
  /** Protocol detail. */
  debug(message: string, fields?: LogFields): void
  /** The life of this node. */
  info(message: string, fields?: LogFields): void
  /** It works, but someone should look. */
  warn(message: string, fields?: LogFields): void
  /** Needs action. */
  error(message: string, fields?: LogFields): void
}

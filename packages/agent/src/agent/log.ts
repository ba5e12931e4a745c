import type { Logger } from 'libring'
import { logTail } from 'libring/serf'
import { pino } from 'pino'
import type { AgentConfig } from '../config/schema.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

/** What Serf's lines say for each. */
const MARKS: Readonly<Record<Level, string>> = {
  debug: '[DEBUG]',
  info: '[INFO]',
  warn: '[WARN]',
  error: '[ERR]',
}

export interface AgentLog {
  /** Keeps its last lines for `serf monitor`, whatever the level. */
  readonly logger: ReturnType<typeof logTail>
  /** What is written from now on. */
  level: Level
}

/** Lines of a log on `out`: as Serf writes them, or one JSON object each. */
export function agentLog(
  { log_format: format, log_level }: Pick<AgentConfig, 'log_format' | 'log_level'>,
  out: { write(text: string): unknown },
): AgentLog {
  const json = pino({ level: log_level, base: null }, { write: (line) => void out.write(line) })
  const logger = logTail(format === 'json' ? pinoLogger(json) : SILENT)
  const log = {
    logger,
    get level(): Level {
      return json.level as Level
    },
    set level(level: Level) {
      json.level = level
    },
  }
  if (format === 'text') {
    logger.watch((line) => {
      const shown = LEVELS.slice(LEVELS.indexOf(log.level))
      if (shown.some((level) => line.includes(MARKS[level]))) out.write(`${line}\n`)
    })
  }
  return log
}

function pinoLogger(json: pino.Logger): Logger {
  return {
    debug: (message, fields) => json.debug(fields ?? {}, message),
    info: (message, fields) => json.info(fields ?? {}, message),
    warn: (message, fields) => json.warn(fields ?? {}, message),
    error: (message, fields) => json.error(fields ?? {}, message),
  }
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

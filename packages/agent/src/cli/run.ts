import { CommanderError } from 'commander'
import { isLibringError, OptionError } from 'libring'
import { ConfigError } from '../config/config-error.ts'
import { withTwoDashes } from '../config/dashes.ts'
import { CommandError } from './command-error.ts'
import type { Output } from './output.ts'
import { createProgram } from './program.ts'

/** What was asked for came to nothing; it cannot be done as it was said. */
const [FAILED, MISUSED] = [1, 2]

/**
 * Do what a command line says. Resolves with the status to end with: 0, 1 where it came to nothing,
 * 2 where it makes no sense.
 *
 * @param args as in `process.argv`: the program and its file first.
 * @param errors hears what went wrong. Commander tells what it finds itself.
 */
export async function run(args: readonly string[], out: Output, errors: Output): Promise<number> {
  try {
    await createProgram(out).parseAsync(withTwoDashes(args))
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED
    const isMisuse = error instanceof ConfigError || error instanceof OptionError
    if (!isMisuse && !(error instanceof CommandError) && !isLibringError(error)) throw error
    errors.write(`libring: ${error.message}\n`)
    return isMisuse ? MISUSED : FAILED
  }
}

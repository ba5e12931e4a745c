#!/usr/bin/env node
import { isLibringError } from 'libring'
import { createProgram, MISUSED } from './cli/program.ts'
import { ConfigError } from './config/config-error.ts'
import { withTwoDashes } from './config/dashes.ts'

createProgram()
  .parseAsync(withTwoDashes(process.argv))
  .catch((error: unknown) => {
    if (!(error instanceof ConfigError) && !isLibringError(error)) throw error
    process.stderr.write(`libring: ${error.message}\n`)
    process.exitCode = MISUSED
  })

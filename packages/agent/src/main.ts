#!/usr/bin/env node
import { run } from './cli/run.ts'

// Whoever reads may go away, as `head` does. An agent goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

void run(process.argv, process.stdout, process.stderr).then((status) => {
  // An agent sets a status of its own.
  if (status !== 0) process.exitCode = status
})

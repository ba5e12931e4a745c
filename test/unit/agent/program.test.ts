import { expect, test } from 'vitest'
import { createProgram } from '../../../packages/agent/src/cli/program.ts'

test('the program has the command that simulates', () => {
  expect(createProgram().commands.map((command) => command.name())).toContain('simulate')
})

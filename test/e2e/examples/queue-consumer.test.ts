import { expect, test } from 'vitest'
import { expectExample } from '../../support/example.ts'

test('messages of a key are handled in order while members join, end and die', async () => {
  const output = await expectExample('queue-consumer', [
    /40 accounts: messages 1, 2, 3, … of each, in that order, none twice, none lost/,
    /\d+ of them were moved from one member to another meanwhile/,
    /No member wrote after another one had taken over, while they joined and left in order/,
  ])
  expect(output).toMatch(/messages were handled: by (\w+ \d+, ){3}\w+ \d+\./)
})

import { expect, test } from 'vitest'
import { expectExample } from '../../support/example.ts'

test('every job is fired once a tick while members join, end, die and are stopped', async () => {
  const output = await expectExample('sharded-cron', [
    /Each of 12 jobs was fired once per tick: none twice, none left out/,
    /All four members have fired some/,
    /The write that arrived after its time was refused/,
  ])
  expect(output).toMatch(/the write of basil arrives, and is refused/)
})

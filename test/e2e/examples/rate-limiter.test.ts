import { expect, test } from 'vitest'
import { expectExample } from '../../support/example.ts'

test('nobody is allowed more or less while every member is restarted', async () => {
  const output = await expectExample('rate-limiter', [
    /Each of 20 customers was allowed 100 requests, not one more or less/,
    /All \d+ requests were answered, at whichever member they came in; \d+ had to be sent again/,
  ])
  for (const name of ['anise', 'basil', 'clove']) expect(output).toContain(`${name} is restarted`)
})

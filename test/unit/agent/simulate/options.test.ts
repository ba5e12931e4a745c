import { describe, expect, test } from 'vitest'
import { simulateCommand } from '../../../../packages/agent/src/simulate/command.ts'
import { optionsOf } from '../../../../packages/agent/src/simulate/options.ts'

/** What `libring simulate` says against these arguments. */
async function refusal(...args: readonly string[]): Promise<string> {
  let text = ''
  const command = simulateCommand({ out: { write: () => {} }, progress: { write: () => {} } })
  command.exitOverride().configureOutput({ writeErr: (written) => void (text += written) })
  await command.parseAsync(args, { from: 'user' }).catch(() => {})
  return text
}

describe('an argument out of its range is refused by option, value and rule:', () => {
  test.each([
    [['--nodes', '1'], '--nodes', "'1'", '2 to 1,000'],
    [['--nodes', '1001'], '--nodes', "'1001'", '2 to 1,000'],
    [['--nodes', '1e2'], '--nodes', "'1e2'", 'a whole number'],
    [['--nodes', '5', '--loss', '91'], '--loss', "'91'", '0 to 90'],
    [['--nodes', '5', '--loss', '-1'], '--loss', "'-1'", '0 to 90'],
    [['--nodes', '5', '--latency', 'fast'], '--latency', "'fast'", '0 to 5,000'],
    [['--nodes', '5', '--profile', 'lann'], '--profile', "'lann'", 'lan, wan, local'],
    [['--nodes', '5', '--seed', '1.5'], '--seed', "'1.5'", 'a whole number'],
    [['--nodes', '5', '--partitions', '65537'], '--partitions', "'65537'", '1 to 65,536'],
    [['--nodes', '5', '--redundancy', '17'], '--redundancy', "'17'", '1 to 16'],
  ])('%j', async (args, option, value, rule) => {
    const text = await refusal(...args)
    expect(text).toContain(option)
    expect(text).toContain(value)
    expect(text).toContain(rule)
  })

  test('none at all, where the number of members is needed', async () => {
    expect(await refusal()).toContain('--nodes')
  })
})

test('the latency is that which the profile is made for, unless given', () => {
  const flags = { nodes: 3, loss: 0, seed: 1 } as const
  expect(optionsOf({ ...flags, profile: 'lan' }).latencyMs).toBe(1)
  expect(optionsOf({ ...flags, profile: 'wan' }).latencyMs).toBe(40)
  expect(optionsOf({ ...flags, profile: 'wan', latency: 0 }).latencyMs).toBe(0)
})

test('there is a ring once either of its options is given, the other being its default', () => {
  const flags = { nodes: 3, loss: 0, seed: 1, profile: 'lan' } as const
  expect(optionsOf(flags).ring).toBeUndefined()
  expect(optionsOf({ ...flags, partitions: 64 }).ring).toEqual({ partitions: 64, redundancy: 3 })
  expect(optionsOf({ ...flags, redundancy: 1 }).ring).toEqual({ partitions: 512, redundancy: 1 })
})

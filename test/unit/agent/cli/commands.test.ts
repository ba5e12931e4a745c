import { describe, expect, test } from 'vitest'
import { printable, tableOf } from '../../../../packages/agent/src/cli/output.ts'
import { run } from '../../../../packages/agent/src/cli/run.ts'
import { millisOf } from '../../../../packages/agent/src/config/duration.ts'

async function libring(
  ...args: readonly string[]
): Promise<readonly [status: number, out: string, errors: string]> {
  const [out, errors]: [string[], string[]] = [[], []]
  const into = (texts: string[]) => ({ write: (text: string) => texts.push(text) })
  const status = await run(['node', 'libring', ...args], into(out), into(errors))
  return [status, out.join(''), errors.join('')]
}

describe('the command line', () => {
  test('makes keys of 32 bytes, another each time', async () => {
    const [first, second] = [await libring('keygen'), await libring('keygen')]
    expect(Buffer.from(first[1], 'base64')).toHaveLength(32)
    expect([first[0], first[1] === second[1]]).toEqual([0, false])
  })

  test('prints its version', async () => {
    expect(await libring('version')).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/), ''])
  })

  test.each([
    [['keys'], 'keys: say one of --install, --use, --remove and --list'],
    [['keys', '-list', '-use', 'x'], 'keys: say one of --install, --use, --remove and --list'],
    [['tags'], 'tags: say what to --set or to --delete'],
    [['tags', '-set', 'zone'], '--set: must be key=value, and it is zone'],
    [['query', '-tag', '=x', 'q'], '--tag: must be key=value, and it is =x'],
    [['query', '-timeout', '3', 'x'], '--timeout: must be a duration such as 30s'],
    [['members', '-rpc-addr', 'a:0'], 'rpcAddress must be a host, or a host and a port'],
  ])('%j ends with 2 before anybody is asked', async (args, wrong) => {
    const [status, out, errors] = await libring(...args)
    expect([status, out]).toEqual([2, ''])
    expect(errors).toContain(wrong)
  })
})

describe('a duration', () => {
  test.each([
    ['15s', 15_000],
    ['500ms', 500],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
  ])('%s is so many milliseconds', (text, millis) => {
    expect(millisOf('t', text)).toBe(millis)
  })

  test.each(['', '5', 's', '5 s', '5s!', '-1s', '1.5ms', '5d'])('%j is none', (text) => {
    expect(() => millisOf('retry', text)).toThrow(`retry: must be a duration such as`)
  })
})

test("a member's text cannot command the terminal", () => {
  const name = 'ann\u001b]0;owned\u0007\r\n\u202e\u009b2J'
  expect(printable(name)).toBe(String.raw`ann\u001b]0;owned\u0007\u000d\u000a\u202e\u009b2J`)
  expect(tableOf(['member'], [[name]])).not.toContain('owned\u0007')
  expect(printable('größer 東京 👍')).toBe('größer 東京 👍')
})

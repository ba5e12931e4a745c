import { run } from '../../packages/agent/src/cli/run.ts'

/** What came of a command. */
export interface Ran {
  readonly status: number
  readonly out: string
  readonly errors: string
}

/** A command of `libring` to the RPC of an agent at `host`, in this process. */
export async function libring(host: string, ...args: readonly string[]): Promise<Ran> {
  const [out, errors]: [string[], string[]] = [[], []]
  const [command = '', ...rest] = args
  const into = (texts: string[]) => ({ write: (text: string) => texts.push(text) })
  const line = ['node', 'libring', command, '-rpc-addr', host, ...rest]
  const status = await run(line, into(out), into(errors))
  return { status, out: out.join(''), errors: errors.join('') }
}

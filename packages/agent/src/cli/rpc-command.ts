import { Command, Option } from 'commander'
import { connectRpc, type RpcClient } from 'libring/serf'

/** How long an agent may take to do what it is told: a leave is spread first, keys are asked for. */
const REQUEST_TIMEOUT_MS = 60_000

/** Flags of every command that asks an agent over Serf's RPC, ours or a stock one. */
export interface RpcFlags {
  readonly rpcAddr: string
  readonly rpcAuth?: string
  readonly json?: true
  readonly format?: 'json' | 'text'
}

/** A command over the RPC, with the flags and the variables of the environment that Serf's have. */
export function rpcCommand(name: string, about: string): Command {
  const address = new Option('--rpc-addr <address>', 'RPC of the agent')
  const key = new Option('--rpc-auth <key>', 'what the agent wants to be shown')
  return new Command(name)
    .description(about)
    .addOption(address.default('127.0.0.1:7373').env('SERF_RPC_ADDR'))
    .addOption(key.env('SERF_RPC_AUTH'))
}

/** The same, of a command that has something to show to programs too. */
export function showingCommand(name: string, about: string): Command {
  return rpcCommand(name, about)
    .option('--json', 'print JSON')
    .addOption(new Option('--format <format>', 'as with serf').choices(['json', 'text']).hideHelp())
}

export function wantsJson({ json, format }: Pick<RpcFlags, 'json' | 'format'>): boolean {
  return json === true || format === 'json'
}

/** What comes of `use` with the agent, from which it hangs up in the end. @throws {RpcError} */
export async function withAgent<T>(
  { rpcAddr, rpcAuth }: RpcFlags,
  use: (agent: RpcClient) => Promise<T>,
): Promise<T> {
  const agent = await connectRpc({
    rpcAddress: rpcAddr,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    ...(rpcAuth === undefined ? {} : { authKey: rpcAuth }),
  })
  try {
    return await use(agent)
  } finally {
    agent.close()
  }
}

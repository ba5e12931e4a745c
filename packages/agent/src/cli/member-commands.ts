import type { Command } from 'commander'
import type { MembersFilter, RpcMember } from 'libring/serf'
import { ConfigError } from '../config/config-error.ts'
import { addressOf, printJson, tableOf, type Output } from './output.ts'
import { gathered, pairsOf } from './pairs.ts'
import { rpcCommand, showingCommand, withAgent, wantsJson, type RpcFlags } from './rpc-command.ts'

interface MembersFlags extends RpcFlags {
  readonly detailed?: true
  readonly name?: string
  readonly role?: string
  readonly status?: string
  readonly tag?: readonly string[]
}

/** Commands on who is a member, to any agent that speaks Serf's RPC. */
export function memberCommands(out: Output): Command[] {
  return [
    membersCommand(out),
    rpcCommand('join', 'have the agent join a cluster by one or more of its members')
      .argument('<address...>')
      .option('--replay', 'have past user events told as well')
      .action(
        async (addresses: readonly string[], flags: RpcFlags & { readonly replay?: true }) => {
          const replay = flags.replay === true
          const count = await withAgent(flags, (agent) => agent.join(addresses, { replay }))
          out.write(`joined the cluster by ${count} of ${addresses.length} addresses\n`)
        },
      ),
    rpcCommand('leave', 'have the agent leave its cluster, and end').action(
      async (flags: RpcFlags) => {
        await withAgent(flags, (agent) => agent.leave())
        out.write('the agent has left\n')
      },
    ),
    rpcCommand('force-leave', 'count a member that failed as one that left')
      .argument('<name>')
      .option('--prune', 'forget it as well')
      .action(async (name: string, flags: RpcFlags & { readonly prune?: true }) => {
        await withAgent(flags, (agent) => agent.forceLeave(name, { prune: flags.prune === true }))
      }),
    rpcCommand('tags', 'change tags of the agent')
      .option('--set <key=value>', 'give it a tag; may be repeated', gathered, [])
      .option('--delete <key>', 'take a tag from it; may be repeated', gathered, [])
      .action(async (flags: TagsFlags) => {
        await changeTags(flags)
        out.write('the agent has other tags now\n')
      }),
  ]
}

interface TagsFlags extends RpcFlags {
  readonly set: readonly string[]
  readonly delete: readonly string[]
}

async function changeTags(flags: TagsFlags): Promise<void> {
  const { delete: remove } = flags
  const set = pairsOf('--set', flags.set)
  if (flags.set.length + remove.length === 0) {
    throw new ConfigError('tags: say what to --set or to --delete')
  }
  await withAgent(flags, (agent) => agent.updateTags(set, { remove }))
}

function membersCommand(out: Output): Command {
  return showingCommand('members', 'show the members of the cluster, as the agent knows them')
    .option('--detailed', 'with versions of the protocol')
    .option('--name <regexp>', 'only those whose whole name matches')
    .option('--status <regexp>', 'only those whose status matches: alive, leaving, left, failed')
    .option('--tag <key=regexp>', 'only those whose whole tag matches; may be repeated', gathered)
    .option('--role <regexp>', 'the same of the tag role')
    .action(async (flags: MembersFlags) => {
      const filter = filterOf(flags)
      const members = await withAgent(flags, (agent) => agent.members(filter))
      if (wantsJson(flags)) printJson(out, { members: members.map(asSerfShows) })
      else out.write(`${membersTable(members, flags.detailed === true ? 'versions' : 'plain')}\n`)
    })
}

function filterOf({ name, status, tag, role }: MembersFlags): MembersFilter {
  return {
    ...(name === undefined ? {} : { name }),
    ...(status === undefined ? {} : { status }),
    tags: { ...pairsOf('--tag', tag ?? []), ...(role === undefined ? {} : { role }) },
  }
}

/** The JSON that `serf members -format=json` prints, so that what reads the one reads the other. */
function asSerfShows({ name, host, port, tags, status, delegate }: RpcMember): object {
  // What Serf calls the protocol there is that of its own messages, not memberlist's.
  const { max, min, current: version } = delegate
  return { name, addr: addressOf(host, port), port, tags, status, protocol: { max, min, version } }
}

function membersTable(members: readonly RpcMember[], columns: 'plain' | 'versions'): string {
  const rows = members
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ name, host, port, status, tags, delegate }) => {
      const pairs = Object.entries(tags).map((pair) => pair.join('='))
      const row = [name, addressOf(host, port), status, pairs.toSorted().join(',')]
      if (columns === 'plain') return row
      return [...row, delegate.current, `${delegate.min} to ${delegate.max}`]
    })
  const head = ['member', 'address', 'status', 'tags']
  return tableOf(columns === 'plain' ? head : [...head, 'protocol', 'understands'], rows)
}

/**
 * Keeps a `serf agent` for as long as the demo lives. The agent itself would not notice that the
 * demo was killed; this process does, by its channel, and takes the agent with it.
 */
import { spawn } from 'node:child_process'
import type { SerfAgentSetup } from './serf-agent.ts'

const { name, gossip, rpc } = JSON.parse(process.argv[2]!) as SerfAgentSetup
process.on('SIGINT', () => {})
if (!process.connected) process.exit()

const agent = spawn(
  'serf',
  ['agent', `-node=${name}`, `-bind=${gossip}`, `-rpc-addr=${rpc}`],
  // In a group of its own, so that Ctrl-C in the terminal reaches the demo alone.
  { stdio: 'ignore', detached: true },
)
agent.once('exit', () => process.exit())
agent.once('error', () => process.exit())
process.once('disconnect', () => agent.kill('SIGKILL'))

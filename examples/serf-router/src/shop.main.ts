/**
 * One server, as it may be written in any language: it knows nothing of libring, nor of the other
 * servers. Beside it runs a plain `serf agent`, whose tags say what it is and where it listens.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { stagedMember, tellUp } from 'libring-example-stage/member'

const { name, bind, http, bootstrapHosts } = stagedMember()

const server = createServer((request, response) => response.end(`${name} sells ${request.url}\n`))
server.listen(http.port, http.host)

const agent = spawn(
  'serf',
  [
    ...['agent', `-node=${name}`, `-bind=${bind}`, `-rpc-addr=${http.host}:7373`],
    ...['-profile=local', '-tag=role=shop', `-tag=http=${http.port}`],
    ...bootstrapHosts.flatMap((host) => [`-retry-join=${host}`, '-retry-interval=1s']),
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
// It prints this line once it gossips.
agent.stdout.on('data', (text: Buffer) => {
  if (text.includes('Log data will now stream')) tellUp()
})
agent.once('error', (error) => {
  console.log(error.message)
  process.exit(1)
})
process.once('exit', () => agent.kill('SIGKILL'))
// An agent leaves in order when it is interrupted.
process.once('SIGTERM', () => agent.kill('SIGINT'))
agent.once('exit', () => process.exit())

/** What npm's `serf-rpc` gets from whoever serves at the host that is its first argument, as JSON. */
import { createRequire } from 'node:module'

type Call = (body: object | Callback, callback?: Callback) => void
type Callback = (error: unknown, answer?: unknown) => void
type Client = Readonly<Record<string, Call>> & {
  readonly connect: (options: object, callback: (error: unknown) => void) => void
  readonly listen: (type: string, listener: (event: object) => void) => void
}

const SerfRpc = createRequire(import.meta.url)('serf-rpc') as new () => Client
const client = new SerfRpc()
const [host = ''] = process.argv.slice(2)

const asPromise = (run: (callback: Callback) => void): Promise<unknown> => {
  return new Promise((resolve, reject) => {
    run((error, answer) => (error ? reject(new Error(JSON.stringify(answer))) : resolve(answer)))
  })
}
const ask = (command: string, body: object): Promise<unknown> => {
  return asPromise((callback) => client[command]!(body, callback))
}

async function talk(): Promise<void> {
  await asPromise((callback) => client.connect({ rpc_host: host, rpc_port: '7373' }, callback))
  const members = (await ask('members-filtered', { Status: 'alive', Tags: {}, Name: '' })) as {
    readonly Members: readonly { readonly Name: string; readonly Status: string }[]
  }
  const heard = new Promise((resolve) => client.listen('user:deploy', resolve))
  // A stream hears of what comes after it was opened.
  await asPromise((callback) => client['stats']!(callback))
  await ask('event', { Name: 'deploy', Payload: 'v1', Coalesce: false })
  const event = (await heard) as { readonly Event: string; readonly Name: string }
  await ask('tags', { Tags: { lane: '3' }, DeleteTags: [] })
  console.log(
    JSON.stringify({
      members: members.Members.map(({ Name, Status }) => [Name, Status]),
      event: [event.Event, event.Name],
    }),
  )
}

talk().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  },
)

/**
 * The program behind {@link LoadProcess}: requests at a constant rate, whatever becomes of them, to
 * all addresses of a list in turn. One that an address does not answer goes to another one.
 */
import { Pool } from 'undici'
import { below, seededRandom } from '../../../packages/libring/src/base/random.ts'
import { nowMs } from './words.ts'
import type { Answer, Kind, LoadCommand, LoadNews, LoadSetup, Sent } from './words.ts'

const TICK_MS = 5
const FLUSH_MS = 100
const ATTEMPTS_MAX = 4
/** An address where nobody answered is left alone for so long. */
const AVOID_MS = 1_000
/** So is one that has owed an answer for so long. */
const PATIENCE_MS = 1_000

const setup = JSON.parse(process.argv[2]!) as LoadSetup
const tell = (news: LoadNews): void => void (process.connected && process.send?.(news))
const random = seededRandom(setup.seed, 'load')
const body = Buffer.alloc(setup.bodyBytes, 'b')

/** One member as its clients know it. */
class Address {
  readonly host: string
  readonly pool: Pool
  /** When each request was sent that is not answered, the oldest first. */
  readonly open: Set<{ readonly sentAt: number }> = new Set()
  avoidUntil = 0

  constructor(host: string) {
    this.host = host
    const { timeoutMs } = setup
    const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }
    this.pool = new Pool(`http://${host}:8080`, { ...timeouts, connect: { timeout: 1_000 } })
  }

  isGood(now: number): boolean {
    const [oldest] = this.open
    return now >= this.avoidUntil && (oldest === undefined || now - oldest.sentAt < PATIENCE_MS)
  }
}

const addresses = new Map<string, Address>()
let turn = 0
let records: Sent[] = []
let underWay = 0
let startedAt = Infinity
let count = 0

/** The next one in turn that is not known to be bad, and was not asked. */
function pick(asked: readonly Address[]): Address | undefined {
  const now = nowMs()
  const others = [...addresses.values()].filter((address) => !asked.includes(address))
  const good = others.filter((address) => address.isGood(now))
  const among = good.length > 0 ? good : others
  return among[turn++ % among.length]
}

const KINDS: readonly Kind[] = ['read', 'read', 'primary', 'primary', 'write']

async function send(number: number, dueAt: number): Promise<void> {
  const kind = KINDS[below(random, KINDS.length)]!
  const key = `k${below(random, setup.keys)}`
  const asked: Address[] = []
  underWay++
  while (asked.length < ATTEMPTS_MAX) {
    const address = pick(asked)
    if (address === undefined) break
    const record = await attempt(address, `${number}.${asked.length}`, kind, key, dueAt)
    records.push(record)
    asked.push(address)
    // Nobody can tell what became of a write.
    if (record.status !== 0 || (kind === 'write' && record.trouble !== 'ECONNREFUSED')) break
  }
  underWay--
}

async function attempt(
  address: Address,
  name: string,
  kind: Kind,
  key: string,
  dueAt: number,
): Promise<Sent> {
  const sentAt = nowMs()
  const open = { sentAt }
  address.open.add(open)
  const { host: front } = address
  const common = { name, kind, key, front, dueAt, sentAt }
  try {
    const isWrite = kind === 'write'
    const response = await address.pool.request({
      path: `/${kind}/${key}`,
      method: isWrite ? 'POST' : 'GET',
      headers: { 'request-name': name },
      body: isWrite ? body : null,
    })
    const text = await response.body.text()
    const doneAt = nowMs()
    const status = response.statusCode
    const code = response.headers['libring-error'] as string | undefined
    const answer = status === 200 ? (JSON.parse(text) as Answer) : undefined
    return { ...common, doneAt, status, code, answer, trouble: undefined }
  } catch (error) {
    address.avoidUntil = nowMs() + AVOID_MS
    const trouble = (error as { code?: string }).code ?? String(error)
    const nothing = { status: 0, code: undefined, answer: undefined }
    return { ...common, doneAt: nowMs(), ...nothing, trouble }
  } finally {
    address.open.delete(open)
  }
}

setInterval(() => {
  const due = Math.floor(((nowMs() - startedAt) * setup.rate) / 1_000)
  for (; count < due; count++) void send(count, startedAt + (count * 1_000) / setup.rate)
}, TICK_MS)

setInterval(() => {
  if (records.length > 0) tell({ type: 'sent', records })
  records = []
}, FLUSH_MS)

/** Resolves once `isSo`, which is looked at often. */
async function when(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function address(hosts: readonly string[]): Promise<void> {
  const gone = [...addresses.values()].filter(({ host }) => !hosts.includes(host))
  for (const { host } of gone) addresses.delete(host)
  for (const host of hosts) {
    if (!addresses.has(host)) addresses.set(host, new Address(host))
  }
  await Promise.all(
    gone.map(async (each) => {
      await when(() => each.open.size === 0)
      await each.pool.destroy()
    }),
  )
}

process.on('message', (command: LoadCommand) => {
  switch (command.type) {
    case 'addresses':
      void address(command.hosts).then(() => tell({ type: 'addressed', id: command.id }))
      return
    case 'start':
      startedAt = nowMs()
      return
    case 'stop':
      startedAt = Infinity
      void when(() => underWay === 0).then(() => {
        tell({ type: 'sent', records })
        records = []
        tell({ type: 'stopped' })
      })
  }
})
process.once('disconnect', () => process.exit())

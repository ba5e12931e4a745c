/** `npm start`: members come and go, and every job is fired once a tick. */
import { play, type Stage } from 'libring-example-stage'
import { LedgerServer } from './ledger-server.ts'

const PARTITIONS = 32
const EVERY_MS = 500
const JOBS = [
  ...['invoices', 'reminders', 'backup-eu', 'backup-us', 'cleanup', 'digest'],
  ...['prices', 'stock', 'rates', 'reports', 'certificates', 'heartbeat'],
]

await play(
  {
    title: `${JOBS.length} scheduled jobs, each fired once per tick of ${EVERY_MS} ms, whoever comes and goes`,
    program: new URL('member.main.ts', import.meta.url),
    partitions: PARTITIONS,
  },
  async (stage) => {
    const ledger = new LedgerServer()
    const url = await stage.serve((request, response) => void ledger.handle(request, response))
    const given = { ledger: url, jobs: JOBS.join(), everyMs: EVERY_MS, partitions: PARTITIONS }
    for (const [name, value] of Object.entries(given)) stage.settings[name] = String(value)

    await stage.start('anise', 'basil', 'clove')
    await stage.settled()
    stage.sayShares()
    await ticks(stage, ledger, 2)

    stage.say('dill joins.')
    await stage.start('dill')
    await stage.settled()
    stage.sayShares()

    const late = await stopInTheMiddle(stage, ledger, 'basil')
    const outcome = late.deliver()
    stage.say(`Now the write of basil arrives, and is ${outcome}.`)
    stage.resume('basil')
    stage.say('basil wakes up, and does not know yet that it was away.')
    await stage.settled()
    stage.sayShares()

    stage.say('anise is asked to end: it finishes what it is at, hands over, and leaves.')
    await stage.drain('anise')
    await stage.settled()
    stage.sayShares()

    stage.say('clove is killed. Whoever inherits its jobs makes up for what it missed.')
    await stage.kill('clove')
    await stage.settled()
    stage.sayShares()
    await ticks(stage, ledger, 2)

    audit(stage, ledger)
    stage.claim(
      'The write that arrived after its time was refused',
      outcome === 'refused' && ledger.refused > 0,
    )
  },
)

/** Stop `member` when it has sent off a write, and give it back when another has fired that tick. */
async function stopInTheMiddle(
  stage: Stage,
  ledger: LedgerServer,
  member: string,
): ReturnType<LedgerServer['delayNextOf']> {
  const late = await ledger.delayNextOf(member)
  stage.pause(member)
  stage.say(`${member} is stopped, just when it has fired ${late.job}; its write is on the way.`)
  await stage.until(`somebody else to fire ${late.job}`, () =>
    ledger.firingsOf(late.job).some(({ tick }) => tick === late.tick),
  )
  const heir = ledger.firingsOf(late.job).find(({ tick }) => tick === late.tick)!.member
  stage.say(`The others take ${member} for dead; ${heir} fires ${late.job} for that tick.`)
  await stage.settled()
  return late
}

/** Wait until every job was fired so many times more. */
async function ticks(stage: Stage, ledger: LedgerServer, count: number): Promise<void> {
  const before = JOBS.map((job) => ledger.firingsOf(job).length)
  await stage.until(`${count} ticks`, () =>
    JOBS.every((job, index) => ledger.firingsOf(job).length >= before[index]! + count),
  )
}

/** Read the ledger from its first line to its last. */
function audit(stage: Stage, ledger: LedgerServer): void {
  const wrong: string[] = []
  const members = new Map<string, number>()
  let firings = 0
  for (const job of JOBS) {
    let last: number | undefined
    for (const { tick, member } of ledger.firingsOf(job)) {
      firings++
      members.set(member, (members.get(member) ?? 0) + 1)
      if (last !== undefined && tick !== last + 1) wrong.push(`${job}: ${tick} after ${last}`)
      last = tick
    }
  }
  const shares = [...members].map(([name, count]) => `${name} ${count}`).join(', ')
  stage.say(`The ledger holds ${firings} firings, by ${shares}.`)
  stage.claim(
    `Each of ${JOBS.length} jobs was fired once per tick: none twice, none left out`,
    wrong.length === 0 && JOBS.every((job) => ledger.firingsOf(job).length > 0),
    wrong.join('; '),
  )
  stage.claim(
    'All four members have fired some',
    ['anise', 'basil', 'clove', 'dill'].every((name) => members.has(name)),
  )
}

/** `npm start`: all members are restarted, one by one, and no customer gets more for it. */
import { play } from 'libring-example-stage'
import { Customers } from './customers.ts'

const PARTITIONS = 32
const LIMIT = 100
const CUSTOMERS = Array.from({ length: 20 }, (_, index) => `customer-${index + 1}`)
const MEMBERS = ['anise', 'basil', 'clove']

await play(
  {
    title: `${CUSTOMERS.length} customers with ${LIMIT} requests an hour each, while every member is restarted`,
    program: new URL('member.main.ts', import.meta.url),
    partitions: PARTITIONS,
  },
  async (stage) => {
    Object.assign(stage.settings, {
      limit: `${LIMIT}`,
      windowMs: `${3_600_000}`,
      partitions: `${PARTITIONS}`,
    })
    await stage.start(...MEMBERS)
    await stage.settled()
    stage.sayShares()

    const customers = new Customers(CUSTOMERS, () => stage.members.map(({ url }) => url))
    for (const name of MEMBERS) {
      stage.say(`${name} is restarted: it hands its counts over, ends, and starts with none.`)
      const before = customers.answered
      await stage.until('some requests', () => customers.answered > before + 200)
      await stage.drain(name)
      await stage.settled()
      await stage.start(name)
      await stage.settled()
      stage.sayShares()
      stage.say(`So far ${customers.allowed} requests were allowed, ${customers.refused} refused.`)
    }
    await stage.until('every customer to have asked for more than it may', () =>
      CUSTOMERS.every((name) => customers.countOf(name).asked > LIMIT + 20),
    )
    await customers.stop()

    const wrong = CUSTOMERS.filter((name) => customers.countOf(name).allowed !== LIMIT)
    stage.claim(
      `Each of ${CUSTOMERS.length} customers was allowed ${LIMIT} requests, not one more or less`,
      wrong.length === 0,
      wrong.map((name) => `${name} ${customers.countOf(name).allowed}`).join(', '),
    )
    stage.claim(
      `All ${customers.answered} requests were answered, at whichever member they came in; ${customers.repeated} had to be sent again`,
      customers.failures.length === 0,
      customers.failures.join('; '),
    )
  },
)

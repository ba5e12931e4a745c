/** `npm start`: members come and go, and the messages of each key are handled in their order. */
import { play } from 'libring-example-stage'
import { Producer } from './producer.ts'
import { StoreServer } from './store-server.ts'

const PARTITIONS = 32
const ACCOUNTS = Array.from({ length: 40 }, (_, index) => `account-${index + 1}`)

await play(
  {
    title: `Messages of ${ACCOUNTS.length} accounts, those of each account in their order, whoever comes and goes`,
    program: new URL('member.main.ts', import.meta.url),
    partitions: PARTITIONS,
  },
  async (stage) => {
    const store = new StoreServer(PARTITIONS)
    stage.settings['store'] = await stage.serve((request, response) => {
      void store.handle(request, response)
    })
    stage.settings['partitions'] = `${PARTITIONS}`
    const producer = new Producer(store, ACCOUNTS, PARTITIONS)

    await stage.start('anise', 'basil')
    await stage.settled()
    stage.sayShares()

    stage.say('clove joins.')
    await stage.start('clove')
    await stage.settled()
    stage.sayShares()

    stage.say('anise is asked to end: it finishes the messages it is at, hands over, and leaves.')
    await stage.drain('anise')
    await stage.settled()
    stage.sayShares()
    const { refused } = store

    stage.say('dill joins, and basil is killed.')
    await stage.start('dill')
    await stage.settled()
    await stage.kill('basil')
    await stage.settled()
    stage.sayShares()

    producer.stop()
    await stage.until('the queue to be empty', () => store.outcomes.length >= store.written)
    const members = [...new Set(store.outcomes.map(({ member }) => member))]
    const shares = members
      .map((name) => `${name} ${store.outcomes.filter(({ member }) => member === name).length}`)
      .join(', ')
    stage.say(`${store.written} messages were handled: by ${shares}.`)

    const wrong = ACCOUNTS.flatMap((account) => {
      const handled = store.outcomes.filter(({ key }) => key === account)
      const order = handled.map(({ outcome }) => outcome).join()
      const due = Array.from({ length: producer.writtenTo(account) }, (_, index) => index + 1)
      return order === due.join() ? [] : [`${account}: ${order}`]
    })
    const moves = ACCOUNTS.map((account) => {
      const handled = store.outcomes.filter(({ key }) => key === account)
      return handled.filter(({ member }, index) => member !== handled[index - 1]?.member).length
    })
    stage.claim(
      `${ACCOUNTS.length} accounts: messages 1, 2, 3, … of each, in that order, none twice, none lost`,
      wrong.length === 0,
      wrong.join('; '),
    )
    stage.claim(
      `${moves.filter((owners) => owners > 1).length} of them were moved from one member to another meanwhile`,
      moves.some((owners) => owners > 1),
    )
    stage.claim(
      'No member wrote after another one had taken over, while they joined and left in order',
      refused === 0,
      `${refused} writes were refused`,
    )
  },
)

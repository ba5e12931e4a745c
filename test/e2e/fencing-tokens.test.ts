import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Postgres, postgresMissing } from '../support/postgres.ts'
import { Redis, redisMissing } from '../support/redis.ts'
import { importSnippet, snippetsOf } from '../support/snippets.ts'

// The statements of docs/guides/fencing-tokens.md, in the stores that they are for. Tokens are as
// large as they come: doubles could not tell them apart.

const PAGE = 'docs/guides/fencing-tokens.md'
const page = readFileSync(new URL(`../../${PAGE}`, import.meta.url), 'utf8')
const snippets = snippetsOf(PAGE, page)

const TOKEN = 115_816_898_964_946_944n

interface Writer {
  readonly partition: number
  readonly token: bigint
  readonly tokenHex: string
  readonly member: string
}

/** What the page has for a store. */
interface Statements<S> {
  raise(store: S, writer: Writer): Promise<void>
  save(store: S, writer: Writer, key: string, value: string): Promise<void>
}

/** A writer to partition 7, so many tokens above the first. */
function writer(above: bigint, member = 'anise'): Writer {
  const token = TOKEN + above
  return { partition: 7, token, tokenHex: token.toString(16).padStart(16, '0'), member }
}

/** What a store has to do, whichever it is. */
function refusesLateWrites<S>(
  { raise: raiseIn, save: saveIn }: Statements<S>,
  store: () => S,
  read: (key: string) => Promise<string>,
): void {
  const raise = (who: Writer) => raiseIn(store(), who)
  const save = (who: Writer, key: string, value: string) => saveIn(store(), who, key, value)

  async function outcomeOf(attempt: Promise<void>): Promise<'taken' | 'refused'> {
    return await attempt.then(
      () => 'taken',
      () => 'refused',
    )
  }

  test('takes writes of one holding again and again', async () => {
    await save(writer(10n), 'a', 'one')
    await save(writer(10n), 'a', 'two')
    expect(await read('a')).toBe('two')
  })

  test('refuses one token less, for whatever key of the partition, and changes nothing', async () => {
    await save(writer(20n), 'b', 'new')
    expect(await outcomeOf(save(writer(19n), 'b', 'late'))).toBe('refused')
    expect(await outcomeOf(save(writer(19n), 'never written', 'late'))).toBe('refused')
    expect([await read('b'), await read('never written')]).toEqual(['new', ''])
  })

  test('takes a higher token, and any for another partition', async () => {
    await save(writer(30n), 'c', 'one')
    await save(writer(31n), 'c', 'two')
    await save({ ...writer(1n), partition: 8 }, 'd', 'elsewhere')
    expect([await read('c'), await read('d')]).toEqual(['two', 'elsewhere'])
  })

  test('of two with one token takes the greater name by its bytes', async () => {
    await save(writer(40n, 'bob'), 'e', 'bob')
    expect(await outcomeOf(save(writer(40n, 'Zoe'), 'e', 'Zoe'))).toBe('refused')
    await save(writer(40n, 'zoe'), 'e', 'zoe')
    expect(await outcomeOf(save(writer(40n, 'bob'), 'e', 'bob'))).toBe('refused')
    await save(writer(40n, 'émile'), 'e', 'émile')
    expect(await read('e')).toBe('émile')
  })

  test('of many that race the highest has the last word', async () => {
    const order = [3n, 7n, 1n, 5n, 8n, 2n, 6n, 4n]
    const outcomes = await Promise.all(
      order.map((above) => outcomeOf(save(writer(100n + above), 'f', String(above)))),
    )
    expect(outcomes[order.indexOf(8n)]).toBe('taken')
    expect(await read('f')).toBe('8')
  })

  test('refuses what comes from before a fence was raised, though nothing was written since', async () => {
    await save(writer(200n), 'g', 'old')
    await raise(writer(201n))
    expect(await outcomeOf(save(writer(200n), 'g', 'late'))).toBe('refused')
    expect(await outcomeOf(raise(writer(200n)))).toBe('refused')
    await raise(writer(201n))
    expect(await read('g')).toBe('old')
  })
}

describe.skipIf(postgresMissing)(`in Postgres ${postgresMissing ?? ''}`, async () => {
  let postgres!: Postgres
  const statements = await importSnippet<Statements<Postgres>>(snippets[0]!)

  beforeAll(async () => {
    postgres = await Postgres.start()
    const [, tables] = /^```sql\n(.*?)^```$/ms.exec(page)!
    await postgres.execute(tables!)
  })
  afterAll(() => postgres[Symbol.asyncDispose]())

  const read = async (key: string): Promise<string> => {
    const [row = ''] = await postgres.execute(`SELECT body FROM carts WHERE key = '${key}'`)
    return row
  }
  refusesLateWrites(statements, () => postgres, read)
})

describe.skipIf(redisMissing)(`in Redis ${redisMissing ?? ''}`, async () => {
  let redis!: Redis
  const statements = await importSnippet<Statements<Redis>>(snippets[1]!)

  beforeAll(async () => {
    redis = await Redis.start()
  })
  afterAll(() => redis[Symbol.asyncDispose]())

  const read = (key: string): Promise<string> => {
    return redis.execute('GET', `{${key === 'd' ? 8 : 7}}:${key}`)
  }
  refusesLateWrites(statements, () => redis, read)
})

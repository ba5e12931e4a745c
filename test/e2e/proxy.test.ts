import { expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { Program } from '../support/program.ts'

const PATHS = Array.from({ length: 30 }, (_, index) => `/carts/${index}?page=2`)

class Proxy extends Program {
  readonly name: string
  readonly gossip: string
  readonly origin: string

  constructor(name: string, host: string, join: readonly Proxy[]) {
    super('examples/proxy/src/main.ts', [
      ...['--name', name, '--bind', `${host}:7946`, '--http', `${host}:8080`],
      ...['--profile', 'local'],
      ...join.flatMap(({ gossip }) => ['--join', gossip]),
    ])
    this.name = name
    this.gossip = `${host}:7946`
    this.origin = `http://${host}:8080`
  }

  /** What it answers to each path; `undefined` where nobody serves it. */
  async answers(): Promise<(string | undefined)[]> {
    return await Promise.all(
      PATHS.map(async (path) => {
        const response = await fetch(this.origin + path)
        const text = await response.text()
        return response.ok ? text : undefined
      }),
    )
  }
}

/** Wait until all say the same of every path, and all of `servers` and nobody else serve some. */
async function expectAgreement(
  proxies: readonly Proxy[],
  servers: readonly string[],
): Promise<void> {
  await expect
    .poll(
      async () => {
        const [first, ...others] = await Promise.all(proxies.map((proxy) => proxy.answers()))
        const agreed = others.every((answers) => answers.join() === first!.join())
        const serving = first!.map(
          (answer) => /is served by (\w+)\n$/.exec(answer ?? '')?.[1] ?? 'nobody',
        )
        return { agreed, serving: [...new Set(serving)].sort() }
      },
      { timeout: 60_000 },
    )
    .toEqual({ agreed: true, serving: [...servers].sort() })
}

test('every proxy sends a path to its owner, and to its heir once the owner was killed', async () => {
  const addresses = loopbackAddresses()
  await using one = new Proxy('one', addresses.next(), [])
  await one.expectOutput('one listens on')
  await using two = new Proxy('two', addresses.next(), [one])
  await using three = new Proxy('three', addresses.next(), [one])
  await two.expectOutput('two listens on')
  await three.expectOutput('three listens on')

  await expectAgreement([one, two, three], ['one', 'two', 'three'])
  expect((await two.answers())[7]).toMatch(/^\/carts\/7 is served by/)

  two.kill('SIGKILL')
  await expectAgreement([one, three], ['one', 'three'])

  three.kill('SIGTERM')
  expect(await three.ended()).toBe(0)
  await expectAgreement([one], ['one'])
  one.kill('SIGINT')
  expect(await one.ended()).toBe(0)
})

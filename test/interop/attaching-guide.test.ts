import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { Program } from '../support/program.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'
import { snippetsOf } from '../support/snippets.ts'

// The programs of the page, run as a reader would run them.

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = 'docs/guides/attaching-to-an-agent.md'
const cache = join(root, 'node_modules/.cache')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'libring-attaching-'))
const addresses = loopbackAddresses()

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function programOf(index: number): string {
  const file = join(folder, `${index}.mts`)
  writeFileSync(file, snippetsOf(page, readFileSync(join(root, page), 'utf8'))[index]!.text)
  return file
}

function store(index: number, join: readonly string[] = []): Promise<SerfAgent> {
  const tags = { role: 'store', http: `800${index}` }
  return SerfAgent.start({ name: `store-${index}`, host: addresses.next(), tags, join })
}

describe.skipIf(serfMissing)(`${page} ${serfMissing ?? ''}`, () => {
  test('its router tells where keys go while stores come and go, and leaves the agent alone', async () => {
    await using one = await store(1)
    await using two = await store(2, [one.address])
    await using edge = await SerfAgent.start({
      name: 'edge',
      host: addresses.next(),
      join: [one.address],
    })
    await using router = new Program(programOf(0), [edge.rpcAddress])
    await router.expectOutput(/store-1, store-2: \/carts\/7 is at http:\/\/127\.[\d.]+:800[12]\n/)
    await two.leave()
    await router.expectOutput(/^store-1: \/carts\/7 is at http:\/\/127\.[\d.]+:8001$/m)
    router.kill('SIGTERM')
    expect(await router.ended()).toBe(0)
    expect(router.output.endsWith('detached\n')).toBe(true)
    expect(edge.hasExited).toBe(false)
  })

  test('its commands are done', async () => {
    await using agent = await store(1)
    await using program = new Program(programOf(1), [agent.rpcAddress])
    expect(await program.ended()).toBe(0)
    expect(program.output).toBe(
      `store-1 at ${agent.host} is alive\ndeploy of v1.2\nack from store-1\n`,
    )
  })

  test('its key is shown, and what is wrong with it is told', async () => {
    const setup = { name: 'ann', host: addresses.next(), rpcAuth: 'sesame' }
    await using agent = await SerfAgent.start(setup)
    const outputWith = async (key: string): Promise<string> => {
      const env = { ...process.env, SERF_RPC_AUTH: key }
      await using program = new Program(programOf(2), [agent.rpcAddress], env)
      expect(await program.ended()).toBe(0)
      return program.output
    }
    expect(await outputWith('sesame')).toBe('attached to ann\n')
    expect(await outputWith('open')).toBe('LIBRING_RPC_AUTH_REFUSED\n')
  })
})

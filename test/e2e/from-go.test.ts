import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { Program } from '../support/program.ts'
import { snippetsOf } from '../support/snippets.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules/.cache')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'libring-from-go-'))
const PATHS = Array.from({ length: 20 }, (_, index) => `/carts/${index}`)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The program of the page, at a place of its own. */
function start(name: string, host: string, seed: string): Program {
  const page = readFileSync(join(root, 'docs/from-go.md'), 'utf8')
  const replacements: readonly (readonly [string, string])[] = [
    ["'loadbalancer.service.com'", `'${seed}'`],
    ["'my_custom_hostname'", `'${name}'`],
    ['serf: {', `serf: { profile: 'local', bind: '${host}:7946',`],
    ['listen(8080)', `listen(8080, '${host}')`],
  ]
  let text = snippetsOf('docs/from-go.md', page)[0]!.text
  for (const [from, to] of replacements) {
    expect(text).toContain(from)
    text = text.replace(from, to)
  }
  const file = join(folder, `${name}.mts`)
  writeFileSync(file, text)
  return new Program(file)
}

test('the program of docs/from-go.md serves each path at one member, and ends when told to', async () => {
  const addresses = loopbackAddresses()
  const hosts = [addresses.next(), addresses.next()] as const
  await using one = start('one', hosts[0], hosts[1])
  await using two = start('two', hosts[1], hosts[0])
  await one.expectOutput(/Acquired partition \d+, replica 0/)
  await two.expectOutput(/Acquired partition \d+, replica 0/)

  const servers = new Set<string>()
  for (const path of PATHS) {
    const served = async (): Promise<string[]> => {
      const answers = await Promise.all(hosts.map((host) => fetch(`http://${host}:8080${path}`)))
      return await Promise.all(answers.map((answer) => answer.text()))
    }
    const texts = (name: string): string[] => hosts.map(() => `${path} is served by ${name}\n`)
    await expect
      .poll(
        async () => [texts('one').join(), texts('two').join()].includes((await served()).join()),
        {
          timeout: 30_000,
        },
      )
      .toBe(true)
    servers.add((await served()).join().includes('one') ? 'one' : 'two')
  }
  expect(servers.size, 'both own something').toBe(2)
  for (const program of [one, two]) program.kill('SIGTERM')
  expect(await Promise.all([one.ended(), two.ended()])).toEqual([0, 0])
})

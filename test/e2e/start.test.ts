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
const folder = mkdtempSync(join(cache, 'libring-start-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The partitions that a member of docs/start.md says it holds, and as what. */
function held(member: Program): Map<number, string> {
  const partitions = new Map<number, string>()
  for (const line of member.output.split('\n')) {
    const match = /: (acquire|release|change) partition (\d+) \((owner|backup)\)$/.exec(line)
    if (match === null) continue
    const [, type, partition, role] = match
    if (type === 'release') partitions.delete(Number(partition))
    else partitions.set(Number(partition), role!)
  }
  return partitions
}

function count(members: readonly Program[], role: string): number {
  return members.flatMap((member) => [...held(member).values()]).filter((held) => held === role)
    .length
}

async function expectAllHeldBy(members: readonly Program[]): Promise<void> {
  await expect
    .poll(
      () => ({
        owned: count(members, 'owner'),
        backedUp: count(members, 'backup'),
        idle: members.filter((member) => held(member).size === 0).length,
      }),
      { timeout: 60_000 },
    )
    .toEqual({ owned: 12, backedUp: members.length > 1 ? 12 : 0, idle: 0 })
}

test('docs/start.md: three members share twelve partitions, and two inherit those of one that dies', async () => {
  const page = readFileSync(join(root, 'docs/start.md'), 'utf8')
  const file = join(folder, 'member.mjs')
  writeFileSync(file, snippetsOf('docs/start.md', page)[0]!.text)
  const addresses = loopbackAddresses()
  const [first, second, third] = [1, 2, 3].map(() => `${addresses.next()}:7946`)

  await using anise = new Program(file, ['anise', first!])
  await expectAllHeldBy([anise])
  await using basil = new Program(file, ['basil', second!, first!])
  await using clove = new Program(file, ['clove', third!, first!])
  await expectAllHeldBy([anise, basil, clove])

  basil.kill('SIGKILL')
  await basil.ended()
  await expectAllHeldBy([anise, clove])

  anise.kill('SIGINT')
  expect(await anise.ended()).toBe(0)
  expect(held(anise).size).toBe(0)
  await expectAllHeldBy([clove])
})

test.each(['README.md', 'packages/libring/README.md'])(
  '%s: the program tells the owner of a key as soon as there is one, and never before',
  async (page) => {
    const markdown = readFileSync(join(root, page), 'utf8')
    const file = join(folder, 'program.mjs')
    // Alone, and elsewhere than the page has it, since other programs may be there.
    const bind = `bind: '${loopbackAddresses().next()}:7946'`
    const { text } = snippetsOf(page, markdown)[0]!
    const program = text.includes('serf: {')
      ? text.replace(/bootstrapHosts: .*,/, '').replace('serf: {', `serf: { ${bind},`)
      : text.replace(/bootstrapHosts: .*,/, `serf: { ${bind} },`)
    writeFileSync(file, program)
    await using member = new Program(file, [])
    await member.expectOutput('/carts/42')
    member.kill('SIGTERM')
    await member.ended()
    const told = member.output.split('\n').filter((line) => line.includes('/carts/42'))
    expect(told.join('\n')).not.toContain('undefined')
    expect(told).toHaveLength(1)
  },
)

/** `npm start`: two routers before servers with plain Serf agents, who come and go. */
import { spawnSync } from 'node:child_process'
import { play, type Stage } from 'libring-example-stage'

const PATHS = Array.from({ length: 60 }, (_, index) => `/articles/${index + 1}`)
const ROUTERS = ['north', 'south']
const SHOP = new URL('shop.main.ts', import.meta.url)
const ROUTER = new URL('router.main.ts', import.meta.url)

if (spawnSync('serf', ['version']).status !== 0) {
  console.error(
    'This example needs HashiCorp’s `serf` on the PATH; on Debian: apt-get install serf',
  )
  process.exit(1)
}

await play(
  {
    title: `Two routers before servers with plain serf agents: which server has the article?`,
    program: SHOP,
    partitions: 256,
  },
  async (stage) => {
    stage.settings['shops'] = '3'
    await stage.start('anise', 'basil', 'clove')
    stage.say('anise, basil and clove run: each a web server, and a serf agent with two tags.')
    await stage.startAs(ROUTER, ...ROUTERS)
    stage.say('north and south run: two routers that do not talk about articles.')
    const three = await agreement(stage, ['anise', 'basil', 'clove'])

    await stage.start('dill')
    stage.say('dill runs as well. Its agent tells the others, and they tell the routers.')
    const four = await agreement(stage, ['anise', 'basil', 'clove', 'dill'])

    const path = PATHS.find((_, index) => four[index] === 'basil')!
    await stage.kill('basil')
    const killedAtMs = performance.now()
    stage.say(`basil is killed, server and agent; at once somebody asks north for ${path}.`)
    const heir = await ask(stage, 'north', path)
    const seconds = ((performance.now() - killedAtMs) / 1_000).toFixed(1)
    stage.say(`It was answered by ${heir}, ${seconds} s later.`)
    const left = await agreement(stage, ['anise', 'clove', 'dill'])

    const [north, south] = await askBoth(stage)
    stage.claim(
      `Both routers send each of ${PATHS.length} paths to one and the same server`,
      north!.join() === south!.join(),
    )
    const toDill = PATHS.filter((_, index) => four[index] !== three[index])
    stage.claim(
      `When dill came, ${toDill.length} paths moved there, and none between the others`,
      toDill.length > 0 && PATHS.every((_, i) => four[i] === three[i] || four[i] === 'dill'),
    )
    const ofBasil = four.filter((server) => server === 'basil').length
    stage.claim(
      `When basil was killed, its ${ofBasil} paths went to others, and no other path moved`,
      PATHS.every((_, index) => (four[index] === 'basil') === (left[index] !== four[index])),
    )
    stage.claim(
      'The request for a server that had just died was answered by its heir',
      heir === left[PATHS.indexOf(path)],
    )
  },
)

/** Wait until both routers send every path to the same server, and all of `servers` get some. */
async function agreement(stage: Stage, servers: readonly string[]): Promise<readonly string[]> {
  let seen: readonly string[] = []
  await stage.until(`the routers to agree on ${servers.join(', ')}`, async () => {
    const answers = await askBoth(stage)
    seen = answers[0]!
    const isSame = answers.every((each) => each.join() === seen.join())
    return isSame && [...new Set(seen)].sort().join() === servers.join()
  })
  const shares = servers.map((name) => `${name} ${seen.filter((each) => each === name).length}`)
  stage.say(`Asked for ${PATHS.length} articles, both routers went to ${shares.join(', ')}.`)
  return seen
}

/** Which server each router went to, for each path. */
async function askBoth(stage: Stage): Promise<readonly (readonly string[])[]> {
  return await Promise.all(
    ROUTERS.map((router) => Promise.all(PATHS.map((path) => ask(stage, router, path)))),
  )
}

/** The server that answered. */
async function ask(stage: Stage, router: string, path: string): Promise<string> {
  const response = await fetch(stage.member(router).url + path)
  return (await response.text()).split(' ', 1)[0]!
}

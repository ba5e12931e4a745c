/** `npm start`: a slow origin is asked once for each page, however many want it, wherever they ask. */
import { setTimeout as sleep } from 'node:timers/promises'
import { play, type Stage } from 'libring-example-stage'

const PARTITIONS = 64
const PAGES = Array.from({ length: 200 }, (_, index) => `/pages/${index + 1}`)

/** How many want each page at the same time. */
const READERS = 5

/** How many pages are read at a time. */
const PAGES_AT_ONCE = 20

/** What came of having every page read by several readers at once. */
interface Round {
  /** Which member answered for each page. */
  readonly servers: readonly string[]
  /** The pages that the origin was asked for, one entry for each time it was asked. */
  readonly asked: readonly string[]
  readonly wrong: readonly string[]
}

await play(
  {
    title: `${PAGES.length} pages of a slow origin, each wanted by ${READERS} readers at once, at any member`,
    program: new URL('member.main.ts', import.meta.url),
    partitions: PARTITIONS,
  },
  async (stage) => {
    const asked: string[] = []
    stage.settings['origin'] = await stage.serve((request, response) => {
      asked.push(request.url!)
      void sleep(100).then(() => response.end(`the page ${request.url}`))
    })
    stage.settings['partitions'] = `${PARTITIONS}`
    const read = async (): Promise<Round> => {
      asked.length = 0
      const round = await readAll(stage)
      stage.say(
        `${PAGES.length * READERS} reads at ${stage.names.join(', ')}; the origin was asked ${asked.length} times.`,
      )
      return { ...round, asked: [...asked] }
    }

    await stage.start('anise', 'basil', 'clove')
    await stage.settled()
    stage.sayShares()
    const cold = await read()
    const warm = await read()

    stage.say('dill joins.')
    await stage.start('dill')
    await stage.settled()
    stage.sayShares()
    const joined = await read()

    stage.say('basil is killed.')
    await stage.kill('basil')
    await stage.settled()
    stage.sayShares()
    const killed = await read()

    const rounds = [cold, warm, joined, killed]
    stage.claim(
      `All ${rounds.length * PAGES.length * READERS} reads got the page they wanted`,
      rounds.every(({ wrong }) => wrong.length === 0),
      rounds.flatMap(({ wrong }) => wrong).join('; '),
    )
    stage.claim(
      `While nothing was kept, the origin was asked once for each of ${PAGES.length} pages, not ${PAGES.length * READERS} times`,
      isOnceEach(cold.asked, PAGES),
      `${cold.asked.length} times`,
    )
    stage.claim('Then it was not asked at all', warm.asked.length === 0, warm.asked.join(', '))
    const toDill = moved(warm, joined)
    stage.claim(
      `When dill joined, it was asked once for each of the ${toDill.length} pages that moved there; the other ${PAGES.length - toDill.length} stayed`,
      toDill.length > 0 && isOnceEach(joined.asked, toDill),
      `${joined.asked.length} times`,
    )
    const lost = moved(joined, killed)
    const ofBasil = lost.filter((page) => joined.servers[PAGES.indexOf(page)] === 'basil')
    stage.claim(
      `When basil was killed, once for each of ${lost.length} pages, ${ofBasil.length} of which had been there`,
      ofBasil.length > 0 && isOnceEach(killed.asked, lost),
      `${killed.asked.length} times`,
    )
  },
)

/** Have every page read by several readers at once, each at another member. */
async function readAll(stage: Stage): Promise<Omit<Round, 'asked'>> {
  const { members } = stage
  const servers: string[] = []
  const wrong: string[] = []
  const read = async (page: string, index: number, reader: number): Promise<void> => {
    const { url } = members[(index + reader) % members.length]!
    const response = await fetch(url + page)
    const text = await response.text()
    if (text !== `the page ${page}`) wrong.push(`${page}: ${response.status} ${text.trim()}`)
    servers[index] = response.headers.get('x-served-by') ?? 'nobody'
  }
  for (let first = 0; first < PAGES.length; first += PAGES_AT_ONCE) {
    const pages = PAGES.slice(first, first + PAGES_AT_ONCE)
    const readers = Array.from({ length: READERS }, (_, reader) => reader)
    await Promise.all(
      pages.flatMap((page, index) => readers.map((reader) => read(page, first + index, reader))),
    )
  }
  return { servers, wrong }
}

/** The pages that were answered by another member than before. */
function moved(before: Round, after: Round): readonly string[] {
  return PAGES.filter((_, index) => before.servers[index] !== after.servers[index])
}

function isOnceEach(asked: readonly string[], pages: readonly string[]): boolean {
  return [...asked].sort().join() === [...pages].sort().join()
}

/**
 * `npm run demo`: a cluster on this machine, from its birth to its end, in less than a minute.
 * With `--keep` it stays until Ctrl-C, to play with.
 */
import { parseArgs } from 'node:util'
import { Fleet } from './fleet.ts'
import { Screen } from './screen.ts'
import { Story } from './story.ts'

const { values: args } = parseArgs({ options: { keep: { type: 'boolean', default: false } } })

const screen = new Screen()
const fleet = new Fleet({
  partitions: 512,
  redundancy: 2,
  minMembers: 3,
  onSteps: (member, steps) => screen.steps(member, steps),
})

/** Resolves when somebody wants the demo to end. */
const stopped = new Promise<'stopped'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => resolve('stopped'))
  }
  // Whoever read the output has gone.
  process.stdout.once('error', () => resolve('stopped'))
})

process.exitCode = await main()
// Nothing is left to wait for, save connections that HTTP keeps alive.
process.exit()

async function main(): Promise<number> {
  try {
    const outcome = await Promise.race([tellStory(), stopped])
    return outcome === 'stopped' && !args.keep ? 130 : 0
  } catch (error) {
    console.error(error)
    return 1
  } finally {
    await fleet[Symbol.asyncDispose]()
  }
}

async function tellStory(): Promise<void> {
  screen.title('libring: keys spread over a cluster, every request to the owner of its key')
  const story = new Story(fleet, screen)
  await story.gather(['anise', 'basil', 'clove'])
  await story.ask()
  await story.kill('basil')
  await story.add('dill')
  await story.ask()
  if (args.keep) {
    keepOpen()
    await stopped
    return
  }
  await story.leave('anise')
  await story.close(
    new Map([
      ['anise', 'left'],
      ['basil', 'killed'],
      ['clove', 'runs'],
      ['dill', 'runs'],
    ]),
  )
}

function keepOpen(): void {
  screen.chapter('Yours to play with, until Ctrl-C')
  for (const { name, url, pid } of fleet.members) {
    screen.say(`curl ${url}/carts/42`)
    screen.aside(`${name}; kill -9 ${pid} and watch who takes over`)
  }
  if (fleet.agent !== undefined) screen.say(`serf members -rpc-addr=${fleet.agent.place.rpc}`)
}

import { Ansis } from 'ansis'
import Table from 'cli-table3'
import type { Step } from './messages.ts'
import { ranges } from './ranges.ts'

// Left to itself, it also colours the logs of build servers.
const { bold, cyan, dim, green, yellow } = process.stdout.isTTY ? new Ansis() : new Ansis(0)

const NAME_WIDTH = 6

/** What the demo prints. Colours only where the output is a terminal. */
export class Screen {
  readonly #startedAtMs = performance.now()
  #chapter = 0

  title(text: string): void {
    console.log(bold(text))
  }

  chapter(text: string): void {
    console.log(`\n${cyan(`${++this.#chapter}.`)} ${bold(text)}`)
  }

  say(text: string): void {
    for (const line of wrap(text)) console.log(`   ${line}`)
  }

  good(text: string): void {
    for (const [index, line] of wrap(text).entries()) {
      console.log(`   ${index === 0 ? green('✓') : ' '} ${line}`)
    }
  }

  aside(text: string): void {
    for (const line of text.split('\n')) console.log(dim(`   ${line}`))
  }

  /** One line for a batch of steps that a member has just told. */
  steps(member: string, steps: readonly Step[]): void {
    const taken = steps.filter(({ type }) => type !== 'release')
    const lines = [
      describe(
        'owns',
        taken.filter(({ replica }) => replica === 0),
      ),
      describe(
        'backs up',
        taken.filter(({ replica }) => replica > 0),
      ),
      describe(
        'released',
        steps.filter(({ type }) => type === 'release'),
      ),
    ]
    const seconds = ((performance.now() - this.#startedAtMs) / 1_000).toFixed(1).padStart(5)
    for (const line of lines) {
      if (line !== undefined) console.log(`   ${dim(`${seconds} s`)}  ${paint(member)}  ${line}`)
    }
  }

  table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
    const table = new Table({
      head: head.map((text) => bold(text)),
      chars: PLAIN,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true },
    })
    table.push(...rows.map((row) => row.map(String)))
    for (const line of table.toString().split('\n')) console.log(`   ${line.trimEnd()}`)
  }
}

/** Columns, and no lines between them. */
const PLAIN = Object.fromEntries(
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle'
    .split(' ')
    .map((place) => [place, '']),
)

/** Lines that fit the terminal; one line where there is none. */
function wrap(text: string): string[] {
  if (!process.stdout.isTTY) return [text]
  // A terminal that does not know its width says 0.
  const width = Math.max(40, (process.stdout.columns || 100) - 6)
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`
    } else {
      lines.push(word)
    }
  }
  return lines
}

function paint(member: string): string {
  return yellow(member.padEnd(NAME_WIDTH))
}

function describe(verb: string, steps: readonly Step[]): string | undefined {
  if (steps.length === 0) return undefined
  const partitions = steps.map(({ partition }) => partition)
  return `${verb} ${`${steps.length}`.padStart(3)}  ${dim(`(${ranges(partitions)})`)}`
}

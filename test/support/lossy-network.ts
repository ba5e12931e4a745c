import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { deleteWithUs } from './reaper.ts'

/** Where a member of a {@link LossyNetwork} runs. */
export interface LossyPlace {
  /** Its address, which nobody else has. */
  readonly host: string
  /** Its network namespace. */
  readonly namespace: string
}

const PLACES_MAX = 250

/** Where classic BPF has a random number: SKF_AD_OFF + SKF_AD_RANDOM, as 32 bits. */
const RANDOM = 2 ** 32 - 0x1000 + 56
/** TC_ACT_SHOT. */
const DROP = 2
/** TC_ACT_OK. */
const PASS = 0

/**
 * One switch with a cable to each place, in network namespaces of its own. Every cable loses this
 * part of the packets that go to its place, whatever they carry and silently, as far as possible by
 * netem. What a place sends to itself is never lost, so that commands reach whoever runs there. Nor
 * does anybody ask which cable leads to an address, as whoever hears nothing calls it unreachable:
 * all places know each other's hardware address from the beginning.
 */
export class LossyNetwork implements Disposable {
  readonly #name = `libring-${randomBytes(4).toString('hex')}`
  readonly #lossPercent: number
  readonly #deletions: (() => void)[] = []
  #places = 0

  /** @throws where {@link lossMissing} says why. */
  constructor(lossPercent: number) {
    this.#lossPercent = lossPercent
    this.#add(this.#name)
    try {
      run('ip', '-n', this.#name, 'link', 'add', 'switch', 'type', 'bridge')
      run('ip', '-n', this.#name, 'link', 'set', 'switch', 'up')
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** A place of its own for one more. */
  next(): LossyPlace {
    const number = ++this.#places
    if (number > PLACES_MAX) throw new Error(`${PLACES_MAX} places were not enough`)
    const place = { host: hostOf(number), namespace: this.#namespaceOf(number) }
    this.#add(place.namespace)
    const cable = `cable-${number}`
    const end = ['peer', 'name', 'eth0', 'address', hardwareOf(number), 'netns', place.namespace]
    run('ip', '-n', this.#name, 'link', 'add', cable, 'type', 'veth', ...end)
    lose(this.#name, cable, this.#lossPercent)
    run('ip', '-n', place.namespace, 'address', 'add', `${place.host}/24`, 'dev', 'eth0')
    for (const device of ['lo', 'eth0']) {
      run('ip', '-n', place.namespace, 'link', 'set', device, 'up')
    }
    run('ip', '-n', this.#name, 'link', 'set', cable, 'master', 'switch', 'up')
    for (let other = 1; other < number; other++) {
      this.#introduce(number, other)
      this.#introduce(other, number)
    }
    return place
  }

  /** How many packets were sent to places so far, and how many of them were lost on the way. */
  traffic(): { readonly sent: number; readonly lost: number } {
    const inJson = ['-n', this.#name, '-s', '-j']
    const rules = JSON.parse(run('tc', ...inJson, 'qdisc', 'show')) as { drops: number }[]
    const cables = JSON.parse(run('ip', ...inJson, 'link', 'show', 'type', 'veth')) as {
      stats64: { tx: { packets: number } }
    }[]
    const lost = rules.reduce((sum, { drops }) => sum + drops, 0)
    const arrived = cables.reduce((sum, { stats64 }) => sum + stats64.tx.packets, 0)
    return { sent: arrived + lost, lost }
  }

  /** Cables go with their namespaces. Whoever still runs there keeps running, cut off. */
  [Symbol.dispose](): void {
    for (const remove of this.#deletions.splice(0)) remove()
  }

  /** Tell the place of one number where another one is. */
  #introduce(number: number, other: number): void {
    const neighbour = [hostOf(other), 'lladdr', hardwareOf(other), 'dev', 'eth0']
    run('ip', '-n', this.#namespaceOf(number), 'neighbour', 'add', ...neighbour)
  }

  #namespaceOf(number: number): string {
    return `${this.#name}-${number}`
  }

  #add(namespace: string): void {
    run('ip', 'netns', 'add', namespace)
    this.#deletions.push(deleteWithUs(namespace))
  }
}

/** Why no network that loses packets can be made here, or `undefined` when it can. */
export const lossMissing: string | undefined = whyNot()

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return '(network namespaces are made by root only)'
  if (spawnSync('ip', ['-V']).status !== 0) {
    return '(no `ip` on the PATH: apt-get install iproute2)'
  }
  try {
    using network = new LossyNetwork(10)
    network.next()
    return undefined
  } catch (error) {
    return `(this system makes no lossy network: ${(error as Error).message})`
  }
}

function hostOf(number: number): string {
  return `10.99.0.${number}`
}

/** An address that whoever runs a network gives out, as the second bit says. */
function hardwareOf(number: number): string {
  return `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`
}

/** Lose packets that leave a namespace by a device. */
function lose(namespace: string, device: string, percent: number): void {
  const netem = ['qdisc', 'add', 'dev', device, 'root', 'netem', 'loss', `${percent}%`]
  if (spawnSync('tc', ['-n', namespace, ...netem]).status === 0) return
  // A kernel without netem: a filter of four instructions that draws a number for each packet.
  const below = Math.round((percent / 100) * 2 ** 32)
  const program = `4,32 0 0 ${RANDOM},53 1 0 ${below},6 0 0 ${DROP},6 0 0 ${PASS}`
  run('tc', '-n', namespace, 'qdisc', 'add', 'dev', device, 'clsact')
  const filter = ['filter', 'add', 'dev', device, 'egress', 'bpf', 'da', 'bytecode', program]
  run('tc', '-n', namespace, ...filter)
}

function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${[command, ...args].join(' ')}: ${error?.message ?? stderr.trim()}`)
}

/** A command as it is run in a network namespace, or here where none is given. */
export function commandIn(
  namespace: string | undefined,
  command: string,
  args: readonly string[],
): readonly [command: string, args: readonly string[]] {
  // `ip` becomes the command: it has the same pid, signals and open files.
  if (namespace === undefined) return [command, args]
  return ['ip', ['netns', 'exec', namespace, command, ...args]]
}

import { afterEach, describe, expect, test } from 'vitest'
import { NO_BYTES, concatBytes } from '../../packages/libring/src/base/bytes.ts'
import { BindError } from '../../packages/libring/src/base/errors.ts'
import type { Address } from '../../packages/libring/src/base/address.ts'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import type {
  Receiver,
  Stream,
  StreamHandler,
  Transport,
} from '../../packages/libring/src/ports/transport.ts'

/** Transports that reach each other, and how to let them work. */
export interface TransportCase {
  /** An address that nobody has been given yet. */
  freshHost(): string
  create(bind: Address): Transport
  /** Let what is under way arrive; called until what is waited for is there. */
  pass(): void
}

/** Everything one end of a stream hears, in order. */
class Ear implements StreamHandler {
  readonly heard: string[] = []
  stream: Stream | undefined
  bytes: Uint8Array = NO_BYTES
  isConnected = false
  readonly #chunks: Uint8Array[] = []

  get received(): Uint8Array {
    return concatBytes(this.#chunks)
  }

  onConnected(): void {
    expect(this.heard).toEqual([])
    this.isConnected = true
  }

  onBytes(bytes: Uint8Array): void {
    expect(copiesWhenSliced(bytes)).toBe(true)
    this.#chunks.push(bytes)
    if (this.heard.at(-1) !== 'bytes') this.heard.push('bytes')
  }

  onEnd(): void {
    this.heard.push('end')
  }

  onClosed(error: Error | undefined): void {
    this.heard.push(error === undefined ? 'closed' : 'broken')
  }
}

/** What the layers above rely on to keep part of a packet without keeping all of it. */
function copiesWhenSliced(bytes: Uint8Array): boolean {
  return bytes.slice().buffer !== bytes.buffer
}

/** A receiver that keeps what it hears. */
class Inbox implements Receiver {
  readonly packets: { readonly from: Address; readonly text: string }[] = []
  readonly streams: Ear[] = []

  get texts(): string[] {
    return this.packets.map(({ text }) => text)
  }

  onPacket(from: Address, bytes: Uint8Array): void {
    expect(copiesWhenSliced(bytes)).toBe(true)
    this.packets.push({ from, text: bytes.length > 20 ? `${bytes.length}` : bytes.join() })
  }

  onStream(stream: Stream): StreamHandler {
    const ear = new Ear()
    ear.stream = stream
    this.streams.push(ear)
    return ear
  }
}

/** What every transport promises. Run it for the real one and for the simulated one alike. */
export function transportContract(name: string, createCase: () => TransportCase): void {
  describe(`${name} keeps the transport contract`, () => {
    let world = createCase()
    const opened: Transport[] = []

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((transport) => transport[Symbol.asyncDispose]()))
      world = createCase()
    })

    async function open(host = world.freshHost(), port = 7_946): Promise<[Transport, Inbox]> {
      const transport = world.create({ host, port })
      const inbox = new Inbox()
      await transport.open(inbox)
      opened.push(transport)
      return [transport, inbox]
    }

    function eventually<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
      return expect.poll(
        () => {
          world.pass()
          return look()
        },
        { interval: 2, timeout: 20_000 },
      )
    }

    async function connected(): Promise<[Ear, Ear]> {
      const [left] = await open()
      const [right, inbox] = await open()
      const near = new Ear()
      near.stream = left.dial(right.address, near)
      await eventually(() => inbox.streams.length).toBe(1)
      return [near, inbox.streams[0]!]
    }

    test('delivers a packet whole, and says where from', async () => {
      const [left] = await open()
      const [right, inbox] = await open()
      left.sendPacket(right.address, Uint8Array.of(1, 2, 3))
      await eventually(() => inbox.packets).toEqual([{ from: left.address, text: '1,2,3' }])
    })

    test('delivers to itself', async () => {
      const [only, inbox] = await open()
      only.sendPacket(only.address, Uint8Array.of(7))
      await eventually(() => inbox.texts).toEqual(['7'])
    })

    test('delivers the largest datagram, and loses a larger one', async () => {
      const [left] = await open()
      const [right, inbox] = await open()
      left.sendPacket(right.address, new Uint8Array(65_508))
      left.sendPacket(right.address, new Uint8Array(65_507))
      await eventually(() => inbox.texts).toEqual(['65507'])
    })

    test('swallows packets to nobody', async () => {
      const [lonely] = await open()
      const nobody = { host: world.freshHost(), port: 7_946 }
      expect(() => lonely.sendPacket(nobody, Uint8Array.of(1))).not.toThrow()
    })

    test.each([0, 65_536, 1.5, -1])('swallows packets to the impossible port %d', async (port) => {
      const [lonely, inbox] = await open()
      lonely.sendPacket({ host: lonely.address.host, port }, Uint8Array.of(1))
      lonely.sendPacket(lonely.address, Uint8Array.of(2))
      await eventually(() => inbox.texts).toEqual(['2'])
    })

    test('streams carry bytes both ways, in order', async () => {
      const [near, far] = await connected()
      near.stream!.write(Uint8Array.of(1, 2))
      near.stream!.write(Uint8Array.of(3))
      far.stream!.write(Uint8Array.of(9, 8))
      await eventually(() => far.received).toEqual(Uint8Array.of(1, 2, 3))
      await eventually(() => near.received).toEqual(Uint8Array.of(9, 8))
    })

    test('bytes written before the stream is connected are not lost', async () => {
      const [left] = await open()
      const [right, inbox] = await open()
      const stream = left.dial(right.address, new Ear())
      stream.write(Uint8Array.of(4, 2))
      await eventually(() => inbox.streams[0]?.received).toEqual(Uint8Array.of(4, 2))
    })

    test('whoever dials hears that the stream is connected, before anything else', async () => {
      const [left] = await open()
      const answering = world.create({ host: world.freshHost(), port: 7_946 })
      opened.push(answering)
      const far = new Ear()
      await answering.open({
        onPacket: () => {},
        onStream(stream) {
          stream.write(Uint8Array.of(1))
          return far
        },
      })
      // Often, as the two come close to each other.
      for (let dial = 0; dial < 20; dial++) {
        const near = new Ear()
        left.dial(answering.address, near)
        expect(near.isConnected).toBe(false)
        await eventually(() => near.received).toEqual(Uint8Array.of(1))
        expect([near.isConnected, far.isConnected]).toEqual([true, false])
      }

      const nowhere = new Ear()
      left.dial({ host: world.freshHost(), port: 7_946 }, nowhere)
      await eventually(() => nowhere.heard).toEqual(['broken'])
      expect(nowhere.isConnected).toBe(false)
    })

    test('a megabyte arrives as it was sent', async () => {
      const [near, far] = await connected()
      const random = seededRandom(1)
      const sent = Uint8Array.from({ length: 1_048_576 }, () => random.uint32())
      near.stream!.write(sent)
      near.stream!.end()
      await eventually(() => far.heard).toEqual(['bytes', 'end'])
      expect(Buffer.compare(far.received, sent)).toBe(0)
    })

    test('an end that said it was done still hears the other', async () => {
      const [near, far] = await connected()
      near.stream!.write(Uint8Array.of(1))
      near.stream!.end()
      await eventually(() => far.heard).toEqual(['bytes', 'end'])
      far.stream!.write(Uint8Array.of(2))
      far.stream!.end()
      await eventually(() => near.heard).toEqual(['bytes', 'end', 'closed'])
      await eventually(() => far.heard).toEqual(['bytes', 'end', 'closed'])
      expect(near.received).toEqual(Uint8Array.of(2))
    })

    test('writing after the end, and ending twice, do nothing', async () => {
      const [near, far] = await connected()
      near.stream!.end()
      near.stream!.end()
      near.stream!.write(Uint8Array.of(1))
      far.stream!.end()
      await eventually(() => [near.heard, far.heard]).toEqual([
        ['end', 'closed'],
        ['end', 'closed'],
      ])
    })

    test('dialling nobody ends in an error, later', async () => {
      const [lonely] = await open()
      const ear = new Ear()
      lonely.dial({ host: world.freshHost(), port: 7_946 }, ear)
      expect(ear.heard).toEqual([])
      await eventually(() => ear.heard).toEqual(['broken'])
    })

    test('dialling an impossible port ends in an error, later', async () => {
      const [lonely] = await open()
      const ear = new Ear()
      lonely.dial({ host: lonely.address.host, port: 0 }, ear)
      expect(ear.heard).toEqual([])
      await eventually(() => ear.heard).toEqual(['broken'])
    })

    test('a destroyed stream is over at both ends, and only later', async () => {
      const [near, far] = await connected()
      near.stream!.destroy()
      near.stream!.destroy()
      near.stream!.write(Uint8Array.of(1))
      near.stream!.end()
      expect(near.heard).toEqual([])
      await eventually(() => near.heard).toEqual(['broken'])
      await eventually(() => far.heard.length).toBeGreaterThan(0)
      expect(['end', 'broken']).toContain(far.heard[0])
    })

    test('a stream destroyed within the call that offers it comes to nothing', async () => {
      const [left] = await open()
      const ear = new Ear()
      const strict = world.create({ host: world.freshHost(), port: 7_946 })
      opened.push(strict)
      await strict.open({
        onPacket: () => {},
        onStream(stream) {
          stream.destroy()
          return ear
        },
      })
      const near = new Ear()
      left.dial(strict.address, near).write(Uint8Array.of(1))
      await eventually(() => ear.heard).toEqual(['broken'])
      await eventually(() => near.heard.length).toBeGreaterThan(0)
      expect(ear.received).toEqual(NO_BYTES)
    })

    test('an address cannot be opened twice', async () => {
      const [first] = await open()
      const second = world.create(first.address)
      await expect((async () => await second.open(new Inbox()))()).rejects.toThrow(BindError)
      await second[Symbol.asyncDispose]()
    })

    test('what could not be opened may be tried again', async () => {
      const [first] = await open()
      const second = world.create(first.address)
      opened.push(second)
      await expect((async () => await second.open(new Inbox()))()).rejects.toThrow(BindError)
      await first[Symbol.asyncDispose]()
      await second.open(new Inbox())
      expect(second.address).toEqual(first.address)
    })

    test('an address is free again once disposed', async () => {
      const [first] = await open()
      await first[Symbol.asyncDispose]()
      const [second, inbox] = await open(first.address.host)
      const [third] = await open()
      third.sendPacket(second.address, Uint8Array.of(5))
      await eventually(() => inbox.texts).toEqual(['5'])
    })

    test('port 0 takes one that is free, for packets and streams alike', async () => {
      const host = world.freshHost()
      const [first, inbox] = await open(host, 0)
      const [second] = await open(host, 0)
      expect(first.address.port).toBeGreaterThan(0)
      expect(second.address.port).not.toBe(first.address.port)
      second.sendPacket(first.address, Uint8Array.of(3))
      second.dial(first.address, new Ear())
      await eventually(() => [inbox.texts, inbox.streams.length]).toEqual([['3'], 1])
    })

    test('goes quiet once disposed, and disposing again does nothing', async () => {
      const [left] = await open()
      const [right, inbox] = await open()
      const near = new Ear()
      left.dial(right.address, near)
      await eventually(() => inbox.streams.length).toBe(1)
      await left[Symbol.asyncDispose]()
      await left[Symbol.asyncDispose]()
      left.sendPacket(right.address, Uint8Array.of(1))
      const late = new Ear()
      left.dial(right.address, late)
      await eventually(() => [near.heard, late.heard]).toEqual([['broken'], ['broken']])
      await eventually(() => inbox.streams[0]!.heard.length).toBeGreaterThan(0)
      expect(inbox.texts).toEqual([])
    })

    test('disposed before it was opened, it cannot be opened', async () => {
      const transport = world.create({ host: world.freshHost(), port: 7_946 })
      await transport[Symbol.asyncDispose]()
      await expect((async () => await transport.open(new Inbox()))()).rejects.toThrow('closed')
    })

    test('disposed while it opens, it leaves nothing open', async () => {
      const host = world.freshHost()
      const transport = world.create({ host, port: 7_946 })
      const opening = transport.open(new Inbox())
      const disposing = transport[Symbol.asyncDispose]()
      await Promise.allSettled([opening, disposing])
      await open(host)
    })
  })
}

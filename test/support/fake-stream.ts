import type { Address } from '../../packages/libring/src/base/address.ts'
import { toHex } from '../../packages/libring/src/base/bytes.ts'
import type { Stream } from '../../packages/libring/src/ports/transport.ts'

/** A stream that only notes what is done to it. */
export class FakeStream implements Stream {
  readonly peer: Address
  readonly calls: string[] = []

  constructor(peer: Address = { host: '10.0.0.9', port: 50_000 }) {
    this.peer = peer
  }

  write(bytes: Uint8Array): void {
    this.calls.push(`write ${toHex(bytes)}`)
  }

  end(): void {
    this.calls.push('end')
  }

  destroy(): void {
    this.calls.push('destroy')
  }
}

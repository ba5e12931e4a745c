import type { Address } from '../base/address.ts'
import { InvariantError } from '../base/errors.ts'
import type { Dialer, Stream, StreamHandler } from '../ports/transport.ts'
import { TcpEnd } from './tcp.ts'

/** TCP to others, without a port of one's own. */
export class SocketDialer implements Dialer {
  readonly #tcp = new TcpEnd(() => {
    throw new InvariantError('nobody can dial what does not listen')
  })

  dial(to: Address, handler: StreamHandler): Stream {
    return this.#tcp.dial(to, handler)
  }
}

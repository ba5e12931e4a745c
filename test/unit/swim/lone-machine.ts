import { NO_BYTES } from '../../../packages/libring/src/base/bytes.ts'
import { seededRandom, type Random } from '../../../packages/libring/src/base/random.ts'
import {
  resolveSwimOptions,
  type ResolvedSwimOptions,
} from '../../../packages/libring/src/swim/options.ts'
import { SwimMachine } from '../../../packages/libring/src/swim/swim-machine.ts'

/** A member called self that has not started, with nothing above it but what it answers pings with. */
export function loneMachine(
  setup: {
    readonly meta?: Uint8Array
    readonly options?: ResolvedSwimOptions
    readonly random?: Random
    readonly ackPayload?: Uint8Array
  } = {},
): SwimMachine {
  const { meta = NO_BYTES, options = resolveSwimOptions('lan') } = setup
  const { random = seededRandom(1), ackPayload = NO_BYTES } = setup
  return new SwimMachine({
    name: 'self',
    meta,
    versions: [1, 5, 2, 2, 5, 5],
    options,
    random,
    passenger: {
      userState: () => NO_BYTES,
      ackPayload: () => ackPayload,
      takePayloads: () => [],
    },
  })
}

import { concatBytes } from '../../packages/libring/src/base/bytes.ts'
import { ValueScanner } from '../../packages/libring/src/codec/value-scanner.ts'

const VALUE_BYTES_MAX = 65_536

/**
 * The same message with the fields of its body the other way round, as Go may write them, which
 * orders no map. `undefined` where the body is no map of two or more fields, at most 15.
 */
export function reversedMap(message: Uint8Array): Uint8Array | undefined {
  const head = message[1]
  if (head === undefined || head < 0x82 || head > 0x8f) return undefined
  const values = new ValueScanner()
  values.push(message.subarray(2))
  const fields = Array.from({ length: head - 0x80 }, () =>
    concatBytes([values.take(VALUE_BYTES_MAX)!, values.take(VALUE_BYTES_MAX)!]),
  )
  const length = fields.reduce((sum, field) => sum + field.length, 2)
  return concatBytes([message.subarray(0, 2), ...fields.reverse(), message.subarray(length)])
}

import { NO_BYTES } from '../base/bytes.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'

/** Most partitions a ring can have. */
export const PARTITIONS_MAX = 65_536

/**
 * A set of partitions as bytes: in rising order, each as its distance from the one before less
 * one, in groups of seven bits with the lowest first. A run of neighbours is one byte each.
 *
 * @param partitions each once, in any order.
 */
export function encodePartitions(partitions: Iterable<number>): Uint8Array {
  const sorted = Uint32Array.from(partitions).sort()
  if (sorted.length === 0) return NO_BYTES
  const writer = new Writer(2 * sorted.length)
  let next = 0
  for (const partition of sorted) {
    let distance = partition - next
    while (distance > 0x7f) {
      writer.uint8((distance & 0x7f) | 0x80)
      distance >>>= 7
    }
    writer.uint8(distance)
    next = partition + 1
  }
  return writer.finish()
}

/** The set in rising order, or `undefined` for bytes that are none. */
export function decodePartitions(bytes: Uint8Array): readonly number[] | undefined {
  const reader = new Reader(bytes)
  const partitions: number[] = []
  let next = 0
  while (reader.remaining > 0) {
    let distance = 0
    let shift = 0
    let byte: number
    do {
      byte = reader.uint8()
      distance |= (byte & 0x7f) << shift
      shift += 7
    } while (byte > 0x7f && shift < 21)
    const partition = next + distance
    if (reader.fault !== undefined || byte > 0x7f || partition >= PARTITIONS_MAX) return undefined
    partitions.push(partition)
    next = partition + 1
  }
  return partitions
}

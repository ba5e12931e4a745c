import { utf8Decode } from '../base/bytes.ts'
import { mapCount, takeNil } from '../codec/msgpack-forms.ts'
import { bytes, str, textMap, type Codec } from '../codec/msgpack.ts'

// Go's strings are any bytes. A name or a tag that some member brought into the cluster must not
// make the whole list of members unreadable, so what is no text is left out, or shown as it can be.

/** Text, or `undefined` for bytes that are no UTF-8. */
export const lenientText: Codec<string | undefined> = {
  zero: '',
  read: (reader) => utf8Decode(bytes.read(reader)),
  write: (writer, value) => str.write(writer, value ?? ''),
}

/** Words for people. Where they are no UTF-8, every byte above 0x7f is read as U+FFFD. */
export const words: Codec<string> = {
  ...str,
  read(reader) {
    const read = bytes.read(reader)
    return utf8Decode(read) ?? Array.from(read, shown).join('')
  },
}

/** Text by text. Pairs that are no UTF-8 are left out when read. */
export function textPairs(countMax: number): Codec<ReadonlyMap<string, string>> {
  return {
    ...textMap(str, countMax, str),
    read(reader) {
      const pairs = new Map<string, string>()
      if (takeNil(reader)) return pairs
      const count = mapCount(reader, reader.uint8())
      if (count === undefined) reader.fail('malformed')
      else if (count > countMax) reader.fail('too-large')
      for (let i = 0; i < (count ?? 0) && reader.fault === undefined; i++) {
        const key = lenientText.read(reader)
        const value = lenientText.read(reader)
        if (key !== undefined && value !== undefined) pairs.set(key, value)
      }
      return pairs
    },
  }
}

function shown(byte: number): string {
  return byte < 0x80 ? String.fromCharCode(byte) : '\uFFFD'
}

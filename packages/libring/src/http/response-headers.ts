import { decodeRefusal, type Refusal } from '../routing/forward-mark.ts'
import { FieldNames, listedNames } from './field-names.ts'

/** Says of a 421 that the member did not deal with the request, and perhaps who does. */
export const REFUSAL_HEADER = 'libring-refusal'

const LEFT_OUT = new FieldNames([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  REFUSAL_HEADER,
])

/** The fields of an answer as they go to whoever asked, names and values in turn. */
export function responseHeaders(raw: readonly Buffer[]): string[] {
  const headers: string[] = []
  let listed: readonly string[] | undefined
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toString('latin1')
    if (LEFT_OUT.has(name)) {
      if (name.length === 10 && name.toLowerCase() === 'connection') {
        listed = listedNames(raw[at + 1]!.toString('latin1'))
      }
    } else {
      headers.push(name, raw[at + 1]!.toString('latin1'))
    }
  }
  return listed === undefined || listed.length === 0 ? headers : withoutListed(headers, listed)
}

/** How many bytes of a body are to come; `NaN` where that is not said. */
export function lengthIn(headers: readonly string[]): number {
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (name.length !== 14 || name.toLowerCase() !== 'content-length') continue
    return Number(headers[at + 1])
  }
  return NaN
}

/** What an answer says of its trailers, as a name and a value; nothing where it says nothing. */
export function announcedTrailers(raw: readonly Buffer[]): readonly string[] {
  const values: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!
    if (name.length !== 7 || name.toString('latin1').toLowerCase() !== 'trailer') continue
    values.push(raw[at + 1]!.toString('latin1'))
  }
  return values.length === 0 ? values : ['trailer', values.join(', ')]
}

/** Of an answer 421 the refusal in it, or `undefined` where the program itself has answered so. */
export function refusalIn(raw: readonly Buffer[]): Refusal | undefined {
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]!.toString('latin1').toLowerCase() !== REFUSAL_HEADER) continue
    return decodeRefusal(raw[at + 1]!.toString('latin1'))
  }
  return undefined
}

function withoutListed(headers: readonly string[], listed: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (!listed.includes(name.toLowerCase())) kept.push(name, headers[at + 1]!)
  }
  return kept
}

/** Names in lower case, each with its value, of names and values in turn. */
export function pairs(flat: readonly string[]): [string, string][] {
  const fields: [string, string][] = []
  for (let at = 0; at < flat.length; at += 2) {
    fields.push([flat[at]!.toLowerCase(), flat[at + 1]!])
  }
  return fields
}

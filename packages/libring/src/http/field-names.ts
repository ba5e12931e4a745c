/** A set of names of header fields, asked for with names of any case. */
export class FieldNames {
  readonly #names: ReadonlySet<string>
  // Most names are told apart by their length alone, and need not be put in lower case.
  readonly #lengths: readonly boolean[]

  /** @param names in lower case. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names)
    const lengths: boolean[] = Array.from({ length: 32 }, () => false)
    for (const { length } of names) lengths[length] = true
    this.#lengths = lengths
  }

  has(name: string): boolean {
    return this.#lengths[name.length] === true && this.#names.has(name.toLowerCase())
  }
}

/** Names that a field `connection` lists, in lower case; none that only say how to go on. */
export function listedNames(value: string): readonly string[] {
  if (/^(?:keep-alive|close|upgrade)$/i.test(value)) return NONE
  return value
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
}

const NONE: readonly string[] = Object.freeze([])

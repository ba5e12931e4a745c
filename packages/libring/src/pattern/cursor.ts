/** A cursor over the characters of a pattern. Behind the end there are empty ones. */
export class Cursor {
  /** How many characters lie behind it. May be set back. */
  at = 0
  readonly #characters: readonly string[]

  constructor(text: string) {
    this.#characters = Array.from(text)
  }

  /** The next character, or one that comes after it, left where it is. */
  peek(ahead = 0): string {
    return this.#characters[this.at + ahead] ?? ''
  }

  /** Pass over `text` if it comes next. */
  skip(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.peek(i) !== text[i]) return false
    this.at += text.length
    return true
  }

  /** What comes before the next `end`, which is passed over, or `undefined` when there is none. */
  until(end: string): string | undefined {
    const from = this.at
    while (this.peek() !== '') {
      const to = this.at
      if (this.skip(end)) return this.#characters.slice(from, to).join('')
      this.at++
    }
    this.at = from
    return undefined
  }

  /** The next `count` characters, or as many as there are, left where they are. */
  ahead(count: number): string {
    return this.#characters.slice(this.at, this.at + count).join('')
  }

  /** All that is left, passed over. */
  rest(): string {
    const from = this.at
    this.at = this.#characters.length
    return this.#characters.slice(from).join('')
  }
}

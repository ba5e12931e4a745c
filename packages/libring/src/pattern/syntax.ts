import type { CharacterTest } from './characters.ts'

/** A pattern, taken apart. Who is greedy does not matter to whether there is a match. */
export type Syntax =
  /** One character. */
  | { readonly type: 'character'; readonly test: CharacterTest }
  | { readonly type: 'assertion'; readonly what: Assertion }
  /** All of them, one after the other; none is the empty text. */
  | { readonly type: 'sequence'; readonly parts: readonly Syntax[] }
  | { readonly type: 'choice'; readonly options: readonly Syntax[] }
  | {
      readonly type: 'repetition'
      readonly of: Syntax
      readonly min: number
      /** Infinity where there is no upper limit. */
      readonly max: number
    }

/** What has to hold between two characters. */
export type Assertion =
  'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word-boundary' | 'no-word-boundary'

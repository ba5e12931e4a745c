import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Pattern,
  PATTERN_LENGTH_MAX,
  PATTERN_SIZE_MAX,
} from '../../packages/libring/src/pattern/pattern.ts'
import { ExecutedBlocks } from '../support/executed-blocks.ts'

// Goal: no pattern that comes with a query takes more than its length and its size allow.
// Method: what is executed is counted in blocks of code, whatever the code is like.

/** A look at a character, and what is made of it. The most were 37. */
const BLOCKS_PER_CHARACTER = 64
/** An instruction that is written down. The most were 7. */
const BLOCKS_PER_INSTRUCTION = 12
/** An instruction, or a set of a class, that a character of the text is put to. The most were 8. */
const BLOCKS_PER_STEP = 12

const TEXT = 'a'.repeat(200)

/** As long as a pattern may be, of one thing again and again. */
function longest(unit: string, before = '', after = ''): string {
  const length = PATTERN_LENGTH_MAX - before.length - after.length
  return before + unit.repeat(length / unit.length) + after
}

const PATTERNS: readonly string[] = [
  longest('a'),
  longest('('),
  longest('()'),
  longest('(?i)'),
  longest('(?i:'),
  longest('a|'),
  longest('k', '(?i)'),
  longest('{'),
  longest('a{0}'),
  longest('[a-z]'),
  longest('[à-ÿ]', '(?i)'),
  longest('\\pN', '(?i)[^', ']+$'),
  longest('ж', '(?i)[', ']+$'),
  longest('[:', '[^', 'b]'),
  longest('\\pL'),
  longest('\\pN', '[^', ']+$'),
  longest('\\b'),
  longest('(?:)', '(?:a', '){1000}'),
  longest('(|)', '(?:', '){1000}'),
  longest('(?:', '', ')'.repeat(256)),
  '(?:a?){1000}$',
  '(?:(?:(?:a?){9}){9}){9}$',
  '((a{1,30}){1,30}){1,9}',
  '(?:(?:){1000}){1000}',
  '(?:(?:a{0}){1000}){1000}',
  '(?:(?:(?i)){1000}){1000}',
  '(a*)*b',
]

let blocks: ExecutedBlocks

beforeAll(async () => {
  blocks = await ExecutedBlocks.start()
})

afterAll(async () => {
  await blocks[Symbol.asyncDispose]()
})

describe('no more is executed than the length and the size of a pattern allow', () => {
  test.each(PATTERNS.map((text) => [text.slice(0, 24), text] as const))('%s', async (_, text) => {
    let pattern: Pattern | undefined
    const parsing = await blocks.during(() => (pattern = Pattern.parse(text)))
    expect(parsing).toBeGreaterThan(0)
    const size = pattern?.size ?? PATTERN_SIZE_MAX
    expect(parsing).toBeLessThan(
      BLOCKS_PER_CHARACTER * (text.length + 1) + BLOCKS_PER_INSTRUCTION * size,
    )
    const searching = await blocks.during(() => pattern?.matches(TEXT))
    const steps = (size + text.length) * (TEXT.length + 1)
    expect(searching).toBeLessThan(BLOCKS_PER_STEP * steps)
  })
})

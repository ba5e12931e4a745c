import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { RequestRate } from '../../../../packages/agent/src/http-api/limits.ts'
import { bearsToken, readOrCreateToken } from '../../../../packages/agent/src/http-api/token.ts'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function tokenPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'libring-token-'))
  folders.push(folder)
  return join(folder, 'token')
}

test('a token is drawn once, shown once, and for its owner alone to read', async () => {
  const path = tokenPath()
  const shown: string[] = []
  const token = await readOrCreateToken(path, (each) => shown.push(each))
  expect(token).toHaveLength(43)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await readOrCreateToken(path, (each) => shown.push(each))).toBe(token)
  expect(shown).toEqual([token])
})

test('a file that holds no token is refused by its name', async () => {
  const path = tokenPath()
  writeFileSync(path, 'short\n')
  await expect(readOrCreateToken(path)).rejects.toThrow(path)
})

test.each([
  ['Bearer the-token', true],
  ['bearer the-token', true],
  ['Bearer the-toke', false],
  ['Bearer the-token-', false],
  ['Bearer  the-token', false],
  ['Basic the-token', false],
  ['', false],
])('the header %j bears the token: %s', (header, expected) => {
  expect(bearsToken(header, 'the-token')).toBe(expected)
})

test('an address has a burst of twice its rate, then its rate, and takes none of the others', () => {
  let nowMs = 0
  const rate = new RequestRate(10, () => nowMs)
  const allowed = (address: string, times: number): number =>
    Array.from({ length: times }, () => rate.allows(address)).filter(Boolean).length
  expect(allowed('a', 50)).toBe(20)
  expect(allowed('b', 5)).toBe(5)
  nowMs = 1_000
  expect(allowed('a', 50)).toBe(10)
})

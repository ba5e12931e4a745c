import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FileError } from '../../../packages/libring/src/base/errors.ts'
import { KeyringFile } from '../../../packages/libring/src/runtime/keyring-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const key = (fill: number) => new Uint8Array(32).fill(fill)

function keyringFile(content?: string): { path: string; file: KeyringFile } {
  const path = join(temporaryFolder(), 'keyring.json')
  if (content !== undefined) writeFileSync(path, content)
  return { path, file: new KeyringFile(path) }
}

function errorOf(file: KeyringFile): FileError {
  try {
    file.load()
  } catch (error) {
    expect(error).toBeInstanceOf(FileError)
    return error as FileError
  }
  throw new Error('it was read')
}

test('keys come back as they were saved, and only the owner may read them', async () => {
  const { path, file } = keyringFile()
  await file.save([key(1), key(2)])
  expect(file.load()).toEqual([key(1), key(2)])
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(path, '..'))).toEqual(['keyring.json'])
})

test('of several saved at once the last one stays', async () => {
  const { file } = keyringFile()
  await Promise.all([1, 2, 3, 4, 5].map((fill) => file.save([key(fill)])))
  expect(file.load()).toEqual([key(5)])
})

test('keys that cannot be saved leave those before, and those after can be', async () => {
  const { path, file } = keyringFile()
  await file.save([key(1)])
  mkdirSync(`${path}.new`)
  await expect(file.save([key(2)])).rejects.toThrow(`${path} cannot be written: EISDIR`)
  expect(file.load()).toEqual([key(1)])
  rmdirSync(`${path}.new`)
  await file.save([key(3)])
  expect(file.load()).toEqual([key(3)])
})

describe('a file that cannot be read is named, with the rule', () => {
  test('none', () => {
    const { path, file } = keyringFile()
    expect(errorOf(file)).toMatchObject({ code: 'LIBRING_FILE_UNUSABLE', path })
    expect(errorOf(file).message).toContain(`${path} cannot be read as a keyring: ENOENT`)
  })

  test('one of another kind', () => {
    const { path, file } = keyringFile('{"keys": []}')
    expect(errorOf(file).message).toBe(`${path} must hold a JSON array of keys in Base64`)
  })

  test('one that is far too large', () => {
    const { file } = keyringFile(' '.repeat(70_000))
    expect(errorOf(file).message).toContain('more than 65536 bytes')
  })

  test('a folder', () => {
    const folder = temporaryFolder()
    expect(errorOf(new KeyringFile(folder)).message).toContain('not a regular file')
  })
})

test('keys are not shown in errors', () => {
  const { file } = keyringFile('["c2VjcmV0"]')
  expect(errorOf(file).message).not.toContain('c2VjcmV0')
  expect(readFileSync(errorOf(file).path, 'utf8')).toContain('c2VjcmV0')
})

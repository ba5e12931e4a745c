import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { replaceFile } from '../../../packages/libring/src/runtime/replace-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const HOW = { suffix: '.new', mode: 0o600 }

// Not everybody may make one on Windows.
describe.skipIf(process.platform === 'win32')('behind a symbolic link', () => {
  test.each(['old', undefined])('the file it leads to is replaced, be it %o', async (content) => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'data'))
    const [file, link] = [join(folder, 'data', 'keyring'), join(folder, 'keyring')]
    if (content !== undefined) writeFileSync(file, content)
    symlinkSync('data/keyring', link)
    await replaceFile(link, 'new', HOW)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(file, 'utf8')).toBe('new')
    expect(readdirSync(join(folder, 'data'))).toEqual(['keyring'])
  })

  test('so is the one at the end of several, through a folder that is one', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'a', 'deep'), { recursive: true })
    symlinkSync('a/deep', join(folder, 'here'))
    symlinkSync('here/link', join(folder, 'link'))
    symlinkSync('../keyring', join(folder, 'a', 'deep', 'link'))
    await replaceFile(join(folder, 'link'), 'new', HOW)
    expect(readdirSync(folder).toSorted()).toEqual(['a', 'here', 'link'])
    expect(readFileSync(join(folder, 'a', 'keyring'), 'utf8')).toBe('new')
    expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('new')
  })

  test('nothing is replaced where links lead in a circle', async () => {
    const folder = temporaryFolder()
    symlinkSync('b', join(folder, 'a'))
    symlinkSync('a', join(folder, 'b'))
    await expect(replaceFile(join(folder, 'a'), 'new', HOW)).rejects.toThrow('40 symbolic links')
    expect(readdirSync(folder).toSorted()).toEqual(['a', 'b'])
  })
})

import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { FileError } from '../../../packages/libring/src/base/errors.ts'
import {
  FileStore,
  LINE_BYTES_MAX,
  READ_BYTES_MAX,
} from '../../../packages/libring/src/runtime/file-store.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function fileStore(content?: string | Uint8Array): { path: string; store: FileStore } {
  const path = join(temporaryFolder(), 'snapshot')
  if (content !== undefined) writeFileSync(path, content)
  const store = new FileStore(path)
  onTestFinished(() => store[Symbol.asyncDispose]())
  return { path, store }
}

async function linesOf(store: FileStore): Promise<(string | undefined)[]> {
  const lines: (string | undefined)[] = []
  await store.open((line) => lines.push(line))
  return lines
}

test('a torn last line is told as such and dropped, so that nothing is glued to it', async () => {
  const { path, store } = fileStore('clock: 1\nclock: 12')
  expect(await linesOf(store)).toEqual(['clock: 1', undefined])
  await store.append(['clock: 3'], { durable: false })
  expect(readFileSync(path, 'utf8')).toBe('clock: 1\nclock: 3\n')
})

test('it is dropped where a file that is open to append cannot be made shorter', async () => {
  const { path, store } = fileStore('clock: 1\nclock: 12')
  // As on Windows.
  await using file = await open(path)
  const truncate = vi.spyOn(Object.getPrototypeOf(file) as typeof file, 'truncate')
  onTestFinished(() => truncate.mockRestore())
  truncate.mockRejectedValue(new Error('EPERM: operation not permitted, ftruncate'))
  expect(await linesOf(store)).toEqual(['clock: 1', undefined])
  await store.append(['clock: 3'], { durable: false })
  expect(readFileSync(path, 'utf8')).toBe('clock: 1\nclock: 3\n')
})

test('a file of nothing but a torn line is empty', async () => {
  const { path, store } = fileStore('clock')
  expect(await linesOf(store)).toEqual([undefined])
  expect(statSync(path).size).toBe(0)
})

test('what is no text, and what is too long, is told as such', async () => {
  const longest = 'x'.repeat(LINE_BYTES_MAX)
  const parts = ['a\n', Uint8Array.of(0xff, 0xfe, 0x0a), `${longest}\n`, `${longest}y\n`, 'b\n']
  const { store } = fileStore(Buffer.concat(parts.map((part) => Buffer.from(part))))
  expect(await linesOf(store)).toEqual(['a', undefined, longest, undefined, 'b'])
})

test('lines come whole wherever the reads cut them', async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} ä`)
  const { store } = fileStore(`${lines.join('\n')}\n`)
  expect(await linesOf(store)).toEqual(lines)
})

test('of a file that is far too large the end is read', async () => {
  const { path, store } = fileStore('old\n')
  // Without end of line, and sparse: takes no room on the disk.
  truncateSync(path, 2 * READ_BYTES_MAX)
  writeFileSync(path, '\nnew\n', { flag: 'a' })
  expect(await linesOf(store)).toEqual([undefined, 'new'])
})

test('a new file leaves no trace of the one it was written to, whatever lay there', async () => {
  const { path, store } = fileStore('a\n')
  writeFileSync(`${path}.compact`, 'left over from a crash, and longer than what comes')
  await linesOf(store)
  await store.replace(['b'])
  expect(readFileSync(path, 'utf8')).toBe('b\n')
  expect(readdirSync(join(path, '..'))).toEqual(['snapshot'])
})

test('what cannot be written anew stays as it is, and can still be appended to', async () => {
  const { path, store } = fileStore('a\n')
  await linesOf(store)
  mkdirSync(`${path}.compact`)
  await expect(store.replace(['b'])).rejects.toThrow('EISDIR')
  await store.append(['c'], { durable: true })
  expect(readFileSync(path, 'utf8')).toBe('a\nc\n')
})

test('a file that is deleted is there again, whole, with the next line', async () => {
  const { path, store } = fileStore('a\n')
  await linesOf(store)
  await store.append(['b'], { durable: false })
  rmSync(path)
  await store.append(['c', 'd'], { durable: false })
  expect(readFileSync(path, 'utf8')).toBe('a\nb\nc\nd\n')
  expect(store.bytes).toBe(8)
  await store.append(['e'], { durable: true })
  expect(readFileSync(path, 'utf8')).toBe('a\nb\nc\nd\ne\n')
})

test('so is one that was written anew before', async () => {
  const { path, store } = fileStore('a\n')
  await linesOf(store)
  await store.replace(['b'])
  rmSync(path)
  await store.append(['c'], { durable: false })
  expect(readFileSync(path, 'utf8')).toBe('b\nc\n')
})

test('what another file was put in place of is put back, and left alone where it went', async () => {
  const { path, store } = fileStore('a\n')
  await linesOf(store)
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'restored, and of the past\n')
  await store.append(['b'], { durable: false })
  expect(readFileSync(path, 'utf8')).toBe('a\nb\n')
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('a\n')
})

test('what cannot be put back is told, and nothing is put in its place', async () => {
  const { path, store } = fileStore('a\n')
  await linesOf(store)
  rmSync(path)
  mkdirSync(path)
  await expect(store.append(['b'], { durable: false })).rejects.toThrow('EISDIR')
  rmSync(path, { recursive: true })
  await expect(store.append(['c'], { durable: false })).rejects.toThrow('ENOENT')
  await store.replace(['a', 'b', 'c'])
  expect(readFileSync(path, 'utf8')).toBe('a\nb\nc\n')
})

// Only Linux shows what a process has open.
test.skipIf(process.platform !== 'linux')('a file that is opened anew is open once', async () => {
  const { path, store } = fileStore('a\n')
  const timesOpen = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path
      } catch {
        // That by which the folder itself was read.
        return false
      }
    }).length
  for (let tries = 0; tries < 3; tries++) {
    expect(await linesOf(store)).toEqual(['a'])
    expect(timesOpen()).toBe(1)
  }
  await store[Symbol.asyncDispose]()
  expect(timesOpen()).toBe(0)
})

describe('what cannot be a snapshot is named', () => {
  test('a folder', async () => {
    const path = temporaryFolder()
    const error = await new FileStore(path).open(() => {}).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(FileError)
    expect(error).toMatchObject({ code: 'LIBRING_FILE_UNUSABLE', path })
    expect((error as FileError).message).toContain(`${path} cannot be used as a snapshot: EISDIR`)
  })

  test('a folder that is not there', async () => {
    const path = join(temporaryFolder(), 'missing', 'snapshot')
    await expect(new FileStore(path).open(() => {})).rejects.toThrow(`${path} cannot be used`)
  })

  // Windows has no pipes in folders.
  test.skipIf(process.platform === 'win32')('a pipe, without waiting for its far end', async () => {
    const path = join(temporaryFolder(), 'pipe')
    execFileSync('mkfifo', [path])
    await expect(new FileStore(path).open(() => {})).rejects.toThrow('not a regular file')
  })
})

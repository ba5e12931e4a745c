import { constants } from 'node:fs'
import { open, stat, truncate, type FileHandle } from 'node:fs/promises'
import { utf8Decode } from '../base/bytes.ts'
import { FileError, reasonOf } from '../base/errors.ts'
import type { Store } from '../ports/store.ts'
import { replaceFile } from './replace-file.ts'

/** Longest line that is read. */
export const LINE_BYTES_MAX = 4_096

/** Of a longer file the end is read, whose lines are the newest. */
export const READ_BYTES_MAX = 67_108_864

const CHUNK_BYTES = 64 * 1_024
const MODE = 0o644
const NEWLINE = 0x0a

/** Append to what is there, without waiting for the far end of a pipe. */
const REOPEN_FLAGS =
  constants.O_RDWR | constants.O_APPEND | ((constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0)

/** The same, made if there is nothing. */
const OPEN_FLAGS = REOPEN_FLAGS | constants.O_CREAT

/** Lines in a file, which anybody may read meanwhile. */
export class FileStore implements Store {
  readonly #path: string
  #file: FileHandle | undefined
  #bytes = 0

  constructor(path: string) {
    this.#path = path
  }

  get bytes(): number {
    return this.#bytes
  }

  async open(onLine: (line: string | undefined) => void): Promise<void> {
    await this[Symbol.asyncDispose]()
    try {
      const file = await open(this.#path, OPEN_FLAGS, MODE)
      this.#file = file
      const stat = await file.stat()
      if (!stat.isFile()) throw new Error('not a regular file')
      this.#bytes = await readLines(file, stat.size, onLine)
      if (this.#bytes < stat.size) {
        onLine(undefined)
        // What is appended would become one line with the torn one. By its path: a file that is open to
        // append cannot be made shorter on Windows.
        await truncate(this.#path, this.#bytes)
      }
    } catch (error) {
      await this[Symbol.asyncDispose]()
      throw new FileError(this.#path, `cannot be used as a snapshot: ${reasonOf(error)}`, error)
    }
  }

  async append(lines: readonly string[], how: { readonly durable: boolean }): Promise<void> {
    const file = (this.#file ??= await open(this.#path, REOPEN_FLAGS))
    if (!(await leadsTo(this.#path, file))) return await this.#putBack(file, lines)
    const bytes = Buffer.from(textOf(lines))
    await file.appendFile(bytes)
    this.#bytes += bytes.length
    if (how.durable) await file.sync()
  }

  async replace(lines: readonly string[]): Promise<void> {
    // Not every system lets an open file be replaced.
    await this[Symbol.asyncDispose]()
    const text = textOf(lines)
    await replaceFile(this.#path, text, { suffix: '.compact', mode: MODE })
    this.#bytes = Buffer.byteLength(text)
    // The next append has to notice when it is gone by then.
    this.#file = await open(this.#path, REOPEN_FLAGS).catch(() => undefined)
  }

  /** The file was deleted or another one put in its place, and would take lines that nobody reads. */
  async #putBack(file: FileHandle, lines: readonly string[]): Promise<void> {
    const before: string[] = []
    await readLines(file, this.#bytes, (line) => {
      if (line !== undefined) before.push(line)
    })
    await this.replace([...before, ...lines])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => {})
  }
}

async function leadsTo(path: string, file: FileHandle): Promise<boolean> {
  const [there, ours] = await Promise.all([
    stat(path, { bigint: true }).catch(() => undefined),
    file.stat({ bigint: true }),
  ])
  return there?.ino === ours.ino && there.dev === ours.dev
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** Returns how many bytes the whole lines are. */
async function readLines(
  file: FileHandle,
  size: number,
  onLine: (line: string | undefined) => void,
): Promise<number> {
  let at = Math.max(0, size - READ_BYTES_MAX)
  const lines = new LineSplitter(onLine, { isInMidLine: at > 0 })
  let end = at
  const chunk = new Uint8Array(CHUNK_BYTES)
  while (at < size) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, size - at), at)
    if (bytesRead === 0) break
    const bytes = chunk.subarray(0, bytesRead)
    lines.push(bytes)
    const newline = bytes.lastIndexOf(NEWLINE)
    if (newline >= 0) end = at + newline + 1
    at += bytesRead
  }
  return end
}

/** Bytes as they come, cut anywhere, to lines. Holds at most one line. */
class LineSplitter {
  readonly #onLine: (line: string | undefined) => void
  readonly #line = new Uint8Array(LINE_BYTES_MAX)
  #length = 0
  /** The line so far is longer than we read, or its beginning is missing. */
  #isLost: boolean

  constructor(onLine: (line: string | undefined) => void, how: { readonly isInMidLine: boolean }) {
    this.#onLine = onLine
    this.#isLost = how.isInMidLine
  }

  push(bytes: Uint8Array): void {
    let from = 0
    for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      this.#keep(bytes.subarray(from, to))
      this.#onLine(this.#isLost ? undefined : utf8Decode(this.#line.subarray(0, this.#length)))
      this.#length = 0
      this.#isLost = false
      from = to + 1
    }
    this.#keep(bytes.subarray(from))
  }

  #keep(bytes: Uint8Array): void {
    if (this.#length + bytes.length > LINE_BYTES_MAX) this.#isLost = true
    if (this.#isLost) return
    this.#line.set(bytes, this.#length)
    this.#length += bytes.length
  }
}

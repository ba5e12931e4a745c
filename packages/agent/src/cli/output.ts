import { bold } from 'ansis'
import Table from 'cli-table3'

/** Where a command prints to. */
export interface Output {
  write(text: string): unknown
  /** Whether anybody still reads. */
  readonly writable?: boolean
}

/** A table for people; names and values of members are shown as {@link printable} has them. */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const table = new Table({ head: head.map((text) => bold(text)), style: { head: [], border: [] } })
  table.push(...rows.map((row) => row.map((cell) => printable(String(cell)))))
  return table.toString()
}

/**
 * Text of somebody else's without what moves the cursor, sets colours or titles, or ends a line:
 * whoever may join a cluster must not command an operator's terminal.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`
  })
}

/** Where a member is, in one word. */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Bytes as text, for people. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** A value as JSON, for programs. */
export function printJson(out: Output, value: unknown): void {
  out.write(`${JSON.stringify(value, null, 2)}\n`)
}

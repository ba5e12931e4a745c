import { spawn } from 'node:child_process'

/** Most of what a script prints that is kept: the last of it, as with Serf. */
const OUTPUT_BYTES_MAX = 8_192

/** What a script is told by its environment. */
export type ScriptEnvironment = Readonly<Record<string, string>>

export interface ScriptOutcome {
  /** `undefined` where it was ended by a signal, or never began. */
  readonly status: number | undefined
  /** The last 8 KiB of both its outputs. */
  readonly output: Buffer
}

/**
 * Run a script by `/bin/sh -c`. Resolves once it has ended and closed its outputs.
 *
 * @param signal ends the script when it aborts.
 */
export function runScript(
  script: string,
  environment: ScriptEnvironment,
  input: Uint8Array,
  signal?: AbortSignal,
): Promise<ScriptOutcome> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', script], {
      env: { ...process.env, ...environment },
      ...(signal === undefined ? {} : { signal }),
    })
    let output = Buffer.alloc(0)
    const keep = (chunk: Buffer): void => {
      output = Buffer.concat([output, chunk]).subarray(-OUTPUT_BYTES_MAX)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    // Scripts need not read what they are given.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('error', () => resolve({ status: undefined, output }))
    child.on('close', (status) => resolve({ status: status ?? undefined, output }))
  })
}

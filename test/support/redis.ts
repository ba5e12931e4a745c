import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { reapWithUs } from './reaper.ts'

const run = promisify(execFile)

/** Why tests against Redis cannot run here, or `undefined` when they can. */
export const redisMissing: string | undefined =
  spawnSync('redis-server', ['--version']).status === 0
    ? undefined
    : '(no `redis-server` on the PATH: apt-get install redis-server)'

/** A Redis server of its own, behind a socket in a folder of its own. */
export class Redis implements AsyncDisposable {
  readonly #folder: string
  readonly #server: ChildProcess

  private constructor(folder: string, server: ChildProcess) {
    this.#folder = folder
    this.#server = server
  }

  static async start(): Promise<Redis> {
    const folder = mkdtempSync(join(tmpdir(), 'libring-redis-'))
    const settings = ['--port', '0', '--unixsocket', join(folder, 'socket'), '--save', '']
    const server = spawn('redis-server', [...settings, '--dir', folder], {
      env: { ...process.env, LC_ALL: 'C' },
      stdio: 'ignore',
    })
    reapWithUs(server)
    const redis = new Redis(folder, server)
    while ((await redis.execute('PING').catch(() => '')) !== 'PONG') {
      if (server.exitCode !== null) throw new Error(`Redis ended with ${server.exitCode}`)
    }
    return redis
  }

  async execute(...command: readonly string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-s', join(this.#folder, 'socket'), ...command])
    return stdout.trimEnd()
  }

  /** As the package `redis` has it, for scripts that return a number. */
  async eval(
    script: string,
    options: { readonly keys: string[]; readonly arguments: string[] },
  ): Promise<number> {
    const { keys } = options
    const counted = ['EVAL', script, String(keys.length), ...keys]
    return Number(await this.execute(...counted, ...options.arguments))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.exitCode === null) {
      this.#server.kill('SIGKILL')
      await once(this.#server, 'close')
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

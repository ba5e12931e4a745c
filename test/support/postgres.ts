import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { reapWithUs } from './reaper.ts'

const run = promisify(execFile)
const FOLDER = '/usr/lib/postgresql'

interface Ids {
  readonly uid: number
  readonly gid: number
}

const isRoot = process.getuid?.() === 0

/** The user that the server runs as where we are root: it refuses to be root's. */
const serverIds: Ids | undefined = isRoot ? idsOf('postgres') : undefined

/** Where the server is, which Debian does not put on the PATH. */
const bin = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .map((version) => join(FOLDER, version, 'bin'))
      .find((folder) => existsSync(join(folder, 'initdb')))
  : undefined

/** Why tests against Postgres cannot run here, or `undefined` when they can. */
export const postgresMissing: string | undefined =
  bin !== undefined && (!isRoot || serverIds !== undefined)
    ? undefined
    : '(no Postgres: apt-get install postgresql)'

/** A Postgres server of its own, in a folder of its own, behind a socket in it. */
export class Postgres implements AsyncDisposable {
  readonly #folder: string
  readonly #server: ChildProcess

  private constructor(folder: string, server: ChildProcess) {
    this.#folder = folder
    this.#server = server
  }

  static async start(): Promise<Postgres> {
    const folder = mkdtempSync(join(tmpdir(), 'libring-postgres-'))
    if (serverIds !== undefined) chownSync(folder, serverIds.uid, serverIds.gid)
    const as = { cwd: folder, ...serverIds }
    const data = join(folder, 'data')
    const initial = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync']
    // Text in the order of a language, as most servers have it, and not of its bytes.
    initial.push('--locale-provider=icu', '--icu-locale=en')
    execFileSync(join(bin!, 'initdb'), initial, { ...as, stdio: 'pipe' })
    const settings = ['-c', 'listen_addresses=', '-c', 'fsync=off', '-k', folder]
    const server = spawn(join(bin!, 'postgres'), ['-D', data, ...settings], {
      ...as,
      stdio: 'ignore',
    })
    reapWithUs(server)
    const postgres = new Postgres(folder, server)
    while (!(await postgres.#answers())) {
      if (server.exitCode !== null) throw new Error(`Postgres ended with ${server.exitCode}`)
    }
    return postgres
  }

  /** What a statement gives, one line a row. */
  async execute(sql: string): Promise<readonly string[]> {
    const where = ['-h', this.#folder, '-U', 'postgres', '-d', 'postgres']
    const how = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1']
    const { stdout } = await run('psql', [...where, ...how, '-c', sql])
    return stdout.split('\n').filter((line) => line !== '')
  }

  /** The statement with values for `$1` and on, as clients have it. */
  async query(text: string, values: readonly unknown[]): Promise<{ rows: readonly string[] }> {
    const literals = values.map((value) => `'${String(value).replaceAll("'", "''")}'`)
    return {
      rows: await this.execute(
        `PREPARE it AS ${text}; EXECUTE it (${literals.join(', ')}); DEALLOCATE it`,
      ),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.exitCode === null) {
      this.#server.kill('SIGQUIT')
      await once(this.#server, 'close')
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.execute('SELECT 1')).join('') === '1'
    } catch {
      return false
    }
  }
}

function idsOf(user: string): Ids | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const { status, stdout } = spawnSync('id', [flag, user], { encoding: 'utf8' })
    return status === 0 ? Number(stdout) : undefined
  })
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

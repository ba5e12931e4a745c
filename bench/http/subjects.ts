import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { reapWithUs } from '../../test/support/reaper.ts'

export interface ServerSetup {
  readonly kind: 'bare' | 'libring' | 'undici' | 'http-proxy-3'
  readonly host: string
  readonly port: number
  /** URL of whoever serves, for what passes requests on. */
  readonly upstream?: string
  /** Hosts of other members. */
  readonly join?: readonly string[]
  readonly secret?: string
}

export type ServerNews =
  { readonly type: 'listening' } | { readonly type: 'owned'; readonly paths: readonly string[] }

export interface LoadRound {
  readonly host: string
  readonly port: number
  readonly paths: readonly string[]
  /** 0 for requests without a body. */
  readonly bodyBytes: number
  readonly connections: number
  readonly ms: number
}

export interface LoadResult {
  readonly count: number
  readonly failed: number
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** Where a member answers by itself, without a router: at the port after that of its router. */
export function withoutRouter(member: Running): Running {
  return { ...member, port: member.port + 1 }
}

/** A server that runs. */
export interface Running {
  readonly host: string
  readonly port: number
  readonly child: ChildProcess
  /** Which of these paths it serves itself, once it serves any; libring only. */
  owned(paths: readonly string[]): Promise<readonly string[]>
  /** Milliseconds of the processor that it and its children have used. */
  cpuMs(): number
}

// The same young generation for all. Left alone, V8 has it grow in processes that load much, and
// bodies that are over then wait in it for so long that the whole heap is collected again and again.
const HEAP = ['--min-semi-space-size=4', '--max-semi-space-size=4']

export function startServer(
  setup: ServerSetup,
  execArgv: readonly string[] = [],
): Promise<Running> {
  const child = fork(
    fileURLToPath(new URL('servers.main.ts', import.meta.url)),
    [JSON.stringify(setup)],
    {
      execArgv: ['--import', 'tsx', ...HEAP, ...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  )
  reapWithUs(child)
  return new Promise((resolve, reject) => {
    let onOwned: ((paths: readonly string[]) => void) | undefined
    child.once('exit', (code) => reject(new Error(`${setup.kind} ended with ${code}`)))
    child.on('message', (news: ServerNews) => {
      if (news.type === 'owned') return onOwned?.(news.paths)
      resolve({
        host: setup.host,
        port: setup.port,
        child,
        owned: (paths) =>
          new Promise((resolveOwned) => {
            onOwned = resolveOwned
            child.send(paths)
          }),
        cpuMs: () => cpuMsOf([child.pid!]),
      })
    })
  })
}

/** As its package sets it up, but for one process, no log, and connections that stay open. */
export async function startNginx(host: string, upstream: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'libring-nginx-'))
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `worker_processes 1;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_body_buffer_size 64k;
  keepalive_requests 1000000000;
  upstream owner { server ${upstream}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen ${host}:8080;
    location / {
      proxy_pass http://owner;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_request_buffering off;
    }
  }
}
`,
  )
  const child = spawn('nginx', ['-c', config], { stdio: ['ignore', 'inherit', 'inherit'] })
  // Its worker ends with it only when it is asked to.
  process.once('exit', () => {
    child.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  })
  while (!(await answers(host))) await passed(50)
  const pids = [child.pid!, ...childrenOf(child.pid!)]
  return {
    host,
    port: 8080,
    child,
    owned: () => Promise.resolve([]),
    cpuMs: () => cpuMsOf(pids),
  }
}

export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v']).status === 0
}

function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(8080, host)
    socket.once('connect', () => resolve((socket.destroy(), true)))
    socket.once('error', () => resolve(false))
  })
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').filter(Boolean).map(Number)
}

function cpuMsOf(pids: readonly number[]): number {
  let nanoseconds = 0
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')
      nanoseconds += Number(text.split(' ', 1)[0])
    }
  }
  return nanoseconds / 1e6
}

/** Clients in a process of their own. */
export class Clients {
  readonly #child: ChildProcess

  constructor() {
    this.#child = fork(fileURLToPath(new URL('load.main.ts', import.meta.url)), [], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    reapWithUs(this.#child)
  }

  run(round: LoadRound): Promise<LoadResult> {
    return new Promise((resolve) => {
      this.#child.once('message', (result) => resolve(result as LoadResult))
      this.#child.send(round)
    })
  }

  stop(): void {
    this.#child.disconnect()
  }
}

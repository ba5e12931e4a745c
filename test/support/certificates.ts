import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Keys and certificates that are made for one test and are gone with its folder. */
export interface KeyPair {
  readonly key: string
  readonly cert: string
}

/** Whether there is an `openssl` to make them with: Node itself cannot. */
export function canCertify(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** An authority that exists in one folder. */
export class Authority {
  readonly cert: string
  readonly #folder: string
  #made = 0

  constructor(folder: string) {
    this.#folder = folder
    this.#openssl('req', '-x509', '-subj', '/CN=authority', ...NEW_KEY, 'ca.key', '-out', 'ca.crt')
    this.cert = this.#read('ca.crt')
  }

  /** A certificate for these names, as `IP:127.0.0.1` or `DNS:ann.example`. */
  certify(names: readonly string[]): KeyPair {
    const name = `made-${this.#made++}`
    const [key, request, cert] = [`${name}.key`, `${name}.csr`, `${name}.crt`]
    const more = `${name}.ext`
    writeFileSync(join(this.#folder, more), `subjectAltName=${names.join()}\n`)
    this.#openssl('req', '-subj', `/CN=${name}`, ...NEW_KEY, key, '-out', request)
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1']
    this.#openssl('x509', '-req', '-in', request, ...by, '-extfile', more, '-out', cert)
    return { key: this.#read(key), cert: this.#read(cert) }
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' })
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8')
  }
}

const NEW_KEY = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout']

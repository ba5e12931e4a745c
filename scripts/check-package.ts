/**
 * Look at both packages as npm will publish them: pack them, check the tarballs with publint and
 * the library's with are-the-types-wrong, load every entry of the library under plain Node, by
 * import and by require; then install both in an empty project and run the agent there.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'libring-pack-'))

interface Manifest {
  readonly exports: Record<string, unknown>
  readonly dependencies?: Record<string, string>
}

try {
  const tarball = pack('libring')
  const agent = pack('@libring/agent')
  for (const packed of [tarball, agent]) {
    runNode(['node_modules/publint/src/cli.js', 'run', packed, '--strict'], root)
  }
  const attw = 'node_modules/@arethetypeswrong/cli/dist/index.js'
  runNode([attw, tarball, '--profile', 'esm-only'], root)
  console.log('publint and are-the-types-wrong have nothing against it')
  loadEveryEntry(tarball)
  installBoth([tarball, agent])
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function pack(name: string): string {
  const packed = spawnSync(
    'npm',
    ['pack', '--workspace', name, '--json', '--pack-destination', scratch],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [listing] = Object.values(JSON.parse(packed.stdout) as Record<string, unknown>) as {
    filename: string
    files: { path: string }[]
  }[]
  if (listing === undefined) throw new Error('npm pack told of no package')
  const stray = listing.files.filter(
    ({ path }) => !/^(dist|src|alerts)\/|^(package\.json|README\.md|LICENSE)$/.test(path),
  )
  const names = stray.map(({ path }) => path).join(', ')
  if (stray.length > 0) throw new Error(`not to be published: ${names}`)
  console.log(`${listing.filename}: ${listing.files.length} files`)
  return join(scratch, listing.filename)
}

/** As a user has it: the unpacked tarball under node_modules, with its dependencies beside it. */
function loadEveryEntry(tarball: string): void {
  const modules = join(scratch, 'node_modules')
  const unpacked = join(modules, 'libring')
  mkdirSync(unpacked, { recursive: true })
  run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'], root)
  const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as Manifest
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  for (const subpath of Object.keys(manifest.exports)) {
    if (subpath.endsWith('.json')) continue
    const specifier = JSON.stringify(`libring${subpath.slice(1)}`)
    const program = `
      const required = require(${specifier})
      import(${specifier}).then((imported) => {
        const names = Object.keys(imported)
        if (names.length === 0) throw new Error('it exports nothing')
        for (const name of names) {
          if (required[name] !== imported[name]) throw new Error(name + ' exists twice')
        }
        console.log(${specifier} + ': ' + names.length + ' exports, by import and by require')
      })`
    console.log(runNode(['--no-warnings', '-e', program], scratch))
  }
}

/** As an operator has it, whose project holds nothing else. */
function installBoth(tarballs: readonly string[]): void {
  const project = join(scratch, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{"private": true}')
  run('npm', ['install', '--no-audit', '--no-fund', ...tarballs], project)
  const version = run('npx', ['libring', '--version'], project)
  const listed = run('npm', ['ls', '--all', '--parseable'], project).split('\n').length - 1
  const kilobytes = Number(run('du', ['-sk', 'node_modules'], project).split('\t')[0])
  console.log(
    `npx libring ${version} in an empty project: ${listed} packages, ${(kilobytes / 1_024).toFixed(1)} MiB`,
  )
  run('npx', ['libring', 'simulate', '--nodes', '3', '--json'], project)
}

function runNode(args: readonly string[], cwd: string): string {
  return run(process.execPath, args, cwd)
}

/** What it printed, which is shown only when it fails. */
function run(command: string, args: readonly string[], cwd: string): string {
  const done = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (done.status === 0) return done.stdout.trimEnd()
  throw new Error(`failed: ${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`)
}

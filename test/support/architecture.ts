import { posix } from 'node:path'
import ts from 'typescript'

/** A file of the library: its path below `src/`, with forward slashes, and what it says. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/**
 * Who may import whom, lowest first. A folder imports from itself and from folders on lower
 * lines; two folders on one line do not know each other.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ['base'],
  ['codec', 'pattern', 'ring'],
  ['wire'],
  ['swim'],
  ['serf', 'ownership', 'rpc'],
  ['ports'],
  ['gossip'],
  ['attach', 'cluster', 'serving'],
  ['routing', 'runtime', 'sim'],
  ['http'],
  ['entries'],
]

const PORTS_LINE = LAYERS.findIndex((line) => line.includes('ports'))

/** The only folders that may know on what platform they run. */
const EDGES = new Set(['runtime', 'http'])

/** What would make two runs of one seed differ. Banned everywhere but at the edges. */
const IMPURE_NAMES = new Set(['Date', 'Intl', 'globalThis', 'WeakRef', 'FinalizationRegistry'])
const IMPURE_CALLS = /^(localeCompare|toLocale\w+)$/

/** What belongs to a platform. The compiler keeps it out of the pure folders, this out of the shells. */
const PLATFORM_NAMES = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'process',
  'Buffer',
  'console',
  'performance',
])

/** Where the simulator gives up its turn of the event loop, so that promises settle. */
const TURN_FILE = 'sim/turn.ts'

/** Every breach of the architecture in `files`, as one line each; none when all is well. */
export function architectureViolations(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path))
  return files.flatMap((file) => fileViolations(file, paths))
}

function fileViolations(file: SourceFile, paths: ReadonlySet<string>): string[] {
  const folder = file.path.split('/')[0]!
  const line = lineOf(folder)
  if (!file.path.includes('/') || line < 0) {
    return [`${file.path}: ${folder} is not in the table of layers`]
  }
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true)
  const violations: string[] = []
  const report: Report = (node, what) => {
    const { line: index } = source.getLineAndCharacterOfPosition(node.getStart(source))
    violations.push(`${file.path}:${index + 1}: ${what}`)
  }

  checkPlace(file.path, folder, source, report)
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node)
    if (specifier !== undefined) checkImport(file.path, specifier, paths, report)
    if (!EDGES.has(folder) && folder !== 'entries' && file.path !== TURN_FILE) {
      checkDeterminism(node, report)
    }
    if (line < PORTS_LINE) checkSynchronous(node, report)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return violations
}

type Report = (node: ts.Node, what: string) => void

function lineOf(folder: string): number {
  return LAYERS.findIndex((line) => line.includes(folder))
}

function checkPlace(path: string, folder: string, source: ts.SourceFile, report: Report): void {
  if (path.endsWith('/index.ts') && path !== 'entries/index.ts') {
    report(source, 'no index files below entries/: import a file where it lives')
  }
  if (folder === 'ports') {
    for (const statement of source.statements) {
      if (!isTypesOnly(statement)) report(statement, 'ports/ holds types only')
    }
  }
  for (const statement of source.statements) {
    if (isDefaultExport(statement)) report(statement, 'no default exports')
  }
}

function isTypesOnly(statement: ts.Statement): boolean {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return true
  if (ts.isImportDeclaration(statement)) {
    return statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
  }
  return ts.isExportDeclaration(statement) && statement.isTypeOnly
}

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true
  if (!ts.canHaveModifiers(statement)) return false
  const modifiers = ts.getModifiers(statement) ?? []
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)
}

/** The literal of whatever brings in another module: import, export from, import(), import type. */
function specifierOf(node: ts.Node): ts.StringLiteral | undefined {
  let specifier: ts.Node | undefined
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) specifier = node.moduleSpecifier
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    specifier = node.argument.literal
  }
  if (ts.isCallExpression(node) && isImporter(node.expression)) specifier = node.arguments[0]
  return specifier !== undefined && ts.isStringLiteral(specifier) ? specifier : undefined
}

function isImporter(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true
  return ts.isIdentifier(callee) && callee.text === 'require'
}

function checkImport(
  path: string,
  literal: ts.StringLiteral,
  paths: ReadonlySet<string>,
  report: Report,
): void {
  const specifier = literal.text
  const folder = path.split('/')[0]!
  if (!specifier.startsWith('.')) {
    checkPackage(specifier, folder, (what) => report(literal, what))
    return
  }
  const target = posix.join(posix.dirname(path), specifier)
  const targetFolder = target.split('/')[0]!
  if (!specifier.endsWith('.ts') || !paths.has(target)) {
    report(literal, `${specifier} is not a file of the library, by its name with .ts`)
    return
  }
  if (targetFolder === folder) return
  if (targetFolder === 'entries') {
    report(literal, 'nothing inside the library imports entries/')
  } else if (lineOf(targetFolder) >= lineOf(folder)) {
    report(literal, `imports up or across: ${folder}/ may not know ${targetFolder}/`)
  }
}

function checkPackage(specifier: string, folder: string, report: (what: string) => void): void {
  if (specifier === 'libring' || specifier.startsWith('libring/')) {
    report('the library does not import itself by name')
  } else if (specifier.startsWith('node:')) {
    if (!EDGES.has(folder)) report(`only runtime/ and http/ know Node, yet it imports ${specifier}`)
  } else if (lineOf(folder) <= PORTS_LINE) {
    report(`${folder}/ is pure and imports no package, yet it imports ${specifier}`)
  }
}

function checkDeterminism(node: ts.Node, report: Report): void {
  if (ts.isIdentifier(node) && isFree(node)) {
    if (IMPURE_NAMES.has(node.text)) report(node, `${node.text} differs from run to run`)
    if (PLATFORM_NAMES.has(node.text))
      report(node, `${node.text} belongs to the platform: use a port`)
  }
  if (!ts.isPropertyAccessExpression(node)) return
  if (IMPURE_CALLS.test(node.name.text)) {
    report(node, `${node.name.text} depends on the locale of the machine`)
  }
  if (node.name.text === 'random' && node.expression.getText() === 'Math') {
    report(node, 'Math.random cannot be replayed: take a Random')
  }
}

/** Whether an identifier is a name looked up in scope, rather than a member of something. */
function isFree(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isQualifiedName(parent)) return parent.left === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  return !(
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isBindingElement(parent) ||
    ts.isParameter(parent)
  )
}

function checkSynchronous(node: ts.Node, report: Report): void {
  const isAsync = node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)
  if (isAsync || (ts.isIdentifier(node) && node.text === 'Promise')) {
    report(node, 'the pure folders know no promises')
  }
}

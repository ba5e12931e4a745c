import { dirname, join } from 'node:path'
import ts from 'typescript'

/** A program put together from the fenced blocks of a page. */
export interface Snippet {
  /** The page, from the root of the repository. */
  readonly page: string
  /** Where its first block begins, counted from 1. */
  readonly line: number
  readonly text: string
}

/**
 * The TypeScript of a page. A block fenced as `ts` begins a program; one fenced as `ts continued`
 * goes on with the one before.
 */
export function snippetsOf(page: string, markdown: string): Snippet[] {
  const snippets: { page: string; line: number; text: string }[] = []
  for (const match of markdown.matchAll(/^```ts( continued)?\n(.*?)^```$/gms)) {
    const [, continued, text] = match
    const line = markdown.slice(0, match.index).split('\n').length + 1
    const last = snippets.at(-1)
    if (continued !== undefined && last !== undefined) last.text += text!
    else snippets.push({ page, line, text: text! })
  }
  return snippets
}

/** What a snippet exports that imports nothing but types. */
export async function importSnippet<T>({ text }: Snippet): Promise<T> {
  const { ESNext: module } = ts.ModuleKind
  const { ES2023: target } = ts.ScriptTarget
  const { outputText } = ts.transpileModule(text, { compilerOptions: { module, target } })
  return (await import(`data:text/javascript,${encodeURIComponent(outputText)}`)) as T
}

/** What the compiler has to say against the snippets, one line each; none when all is well. */
export function snippetErrors(root: string, snippets: readonly Snippet[]): string[] {
  const configFile = join(root, 'tsconfig.json')
  const { config } = ts.readConfigFile(configFile, (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(configFile))
  // A reader need not use every line, nor annotate what is only shown.
  Object.assign(options, {
    noUnusedLocals: false,
    noUnusedParameters: false,
    declaration: false,
    isolatedDeclarations: false,
  })

  const files = new Map(
    snippets.map((snippet, index) => [join(root, 'docs', `.snippet-${index}.mts`), snippet]),
  )
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists } = host
  host.fileExists = (path) => files.has(path) || fileExists.call(host, path)
  host.readFile = (path) => {
    const snippet = files.get(path)
    return snippet === undefined ? readFile.call(host, path) : `${snippet.text}\nexport {}\n`
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return [...files].flatMap(([path, snippet]) => {
    const source = program.getSourceFile(path)
    return ts.getPreEmitDiagnostics(program, source).map((diagnostic) => {
      const { line } = source!.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
      const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n  ')
      return `${snippet.page}, line ${line + 1} of the program at ${snippet.line}: ${message}`
    })
  })
}

import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** One member of an interface, as its source has it. */
export interface Declared {
  readonly name: string
  /** Its type as written, on one line. */
  readonly type: string
  /** The words of its comment, on one line; empty where it has none. */
  readonly words: string
  /** What the tag `defaultValue` says, on one line. */
  readonly defaultValue: string | undefined
}

const folder = new URL('../../packages/libring/src/', import.meta.url)

/** What an interface of `file`, a path below `packages/libring/src`, declares itself. */
export function declaredIn(file: string, name: string): readonly Declared[] {
  const declaration = interfacesOf(file).find((found) => found.name.text === name)
  if (declaration === undefined) throw new Error(`${file} declares no interface ${name}`)
  return declaration.members.filter(ts.isPropertySignature).map((member) => {
    const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'defaultValue')
    return {
      name: textOf(member.name),
      type: onOneLine(member.type?.getText() ?? ''),
      words: wordsOf(member),
      defaultValue: tag && onOneLine(ts.getTextOfJSDocComment(tag.comment) ?? ''),
    }
  })
}

/** The words of the comment of an interface. */
export function wordsOfInterface(file: string, name: string): string {
  const declaration = interfacesOf(file).find((found) => found.name.text === name)
  return declaration === undefined ? '' : wordsOf(declaration)
}

function interfacesOf(file: string): readonly ts.InterfaceDeclaration[] {
  const text = readFileSync(new URL(file, folder), 'utf8')
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  return source.statements.filter(ts.isInterfaceDeclaration)
}

function wordsOf(node: ts.Node): string {
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  return onOneLine(comments.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join(' '))
}

function textOf(name: ts.PropertyName): string {
  return ts.isStringLiteral(name) || ts.isIdentifier(name) ? name.text : name.getText()
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

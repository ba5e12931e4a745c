import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
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

/** A member of a class that anybody may use, as its source has it. */
export interface DeclaredMember {
  readonly name: string
  /** The name, of a method with its arguments: `join(hosts, options?)`. */
  readonly shown: string
  /** What it is or returns, as written, on one line. */
  readonly type: string
  /** The words of its comment, and what they say of arguments and result; empty where it has none. */
  readonly words: string
  /** What it throws, and when; empty where that is not said. */
  readonly throws: string
}

const folder = new URL('../../packages/libring/src/', import.meta.url)

/** What an interface of `file`, a path below `packages/libring/src`, declares itself. */
export function declaredIn(file: string, name: string): readonly Declared[] {
  return interfaceIn(file, name)
    .members.filter(ts.isPropertySignature)
    .map((member) => {
      const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'defaultValue')
      return {
        name: textOf(member.name),
        type: onOneLine(member.type?.getText() ?? ''),
        words: wordsOf(member),
        defaultValue: tag && onOneLine(ts.getTextOfJSDocComment(tag.comment) ?? ''),
      }
    })
}

/** What an interface declares itself, and what those declare that it extends. */
export function allDeclaredIn(file: string, name: string): readonly Declared[] {
  const { heritageClauses = [] } = interfaceIn(file, name)
  const inherited = heritageClauses.flatMap(({ types }) => {
    return types.flatMap(({ expression }) => {
      const parent = expression.getText()
      return allDeclaredIn(importedFrom(file, parent) ?? file, parent)
    })
  })
  return [...declaredIn(file, name), ...inherited]
}

/** What anybody may use of a class of `file`. */
export function membersIn(file: string, name: string): readonly DeclaredMember[] {
  const declaration = statementsOf(file)
    .filter(ts.isClassDeclaration)
    .find((found) => found.name?.text === name)
  if (declaration === undefined) throw new Error(`${file} declares no class ${name}`)
  return declaration.members
    .filter((member) => {
      return (
        ts.isPropertyDeclaration(member) ||
        ts.isGetAccessorDeclaration(member) ||
        ts.isMethodDeclaration(member)
      )
    })
    .filter((member) => {
      const isStatic = member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
      return ts.isIdentifier(member.name) && isStatic !== true
    })
    .map(memberOf)
}

/** The text of a file below `packages/libring/src`. */
export function sourceOf(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8')
}

/** The words of the comment of an interface. */
export function wordsOfInterface(file: string, name: string): string {
  const declaration = interfacesOf(file).find((found) => found.name.text === name)
  return declaration === undefined ? '' : wordsOf(declaration)
}

function memberOf(
  member: ts.PropertyDeclaration | ts.GetAccessorDeclaration | ts.MethodDeclaration,
): DeclaredMember {
  const name = textOf(member.name)
  const tags = ts.getJSDocTags(member)
  const said = (tag: ts.JSDocTag): string => onOneLine(ts.getTextOfJSDocComment(tag.comment) ?? '')
  const words = [
    wordsOf(member),
    ...tags.filter(ts.isJSDocParameterTag).map((tag) => `\`${tag.name.getText()}\`: ${said(tag)}`),
    ...tags.filter(ts.isJSDocReturnTag).map((tag) => `Returns ${said(tag)}`),
  ]
  const throws = tags.filter(ts.isJSDocThrowsTag).map((tag) => {
    const type = tag.typeExpression?.type.getText() ?? ''
    // The code of an error tells more than the class that they all have.
    return said(tag).startsWith('`LIBRING_') ? said(tag) : `\`${type}\` ${said(tag)}`
  })
  return {
    name,
    shown: ts.isMethodDeclaration(member) ? `${name}(${argumentsOf(member)})` : name,
    type: onOneLine(member.type?.getText() ?? ''),
    words: words.join(' ').trim(),
    throws: throws.join(' '),
  }
}

function argumentsOf({ parameters }: ts.MethodDeclaration): string {
  return parameters
    .map(({ name, questionToken, initializer }) => {
      const isOptional = questionToken !== undefined || initializer !== undefined
      return name.getText() + (isOptional ? '?' : '')
    })
    .join(', ')
}

/** The file from which another one imports something, if it does. */
function importedFrom(file: string, name: string): string | undefined {
  for (const statement of statementsOf(file).filter(ts.isImportDeclaration)) {
    const bindings = statement.importClause?.namedBindings
    if (bindings === undefined || !ts.isNamedImports(bindings)) continue
    if (!bindings.elements.some((element) => element.name.text === name)) continue
    return join(dirname(file), (statement.moduleSpecifier as ts.StringLiteral).text)
  }
  return undefined
}

function interfaceIn(file: string, name: string): ts.InterfaceDeclaration {
  const declaration = interfacesOf(file).find((found) => found.name.text === name)
  if (declaration === undefined) throw new Error(`${file} declares no interface ${name}`)
  return declaration
}

function interfacesOf(file: string): readonly ts.InterfaceDeclaration[] {
  return statementsOf(file).filter(ts.isInterfaceDeclaration)
}

function statementsOf(file: string): readonly ts.Statement[] {
  return ts.createSourceFile(file, sourceOf(file), ts.ScriptTarget.Latest, true).statements
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

import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import { ConfigError } from './config-error.ts'
import type { Source } from './config.ts'
import type { RawConfig } from './schema.ts'

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  '.json': (text) => JSON.parse(text) as unknown,
  '.toml': parseToml,
  '.yaml': parseYaml,
  '.yml': parseYaml,
}

/**
 * What a file holds, by its ending: `.json`, `.toml`, `.yaml` or `.yml`.
 *
 * @throws {ConfigError} naming the file and what is wrong, with line and column where known.
 */
export function readConfigFile(path: string): Source {
  const parse = PARSERS[extname(path)]
  if (parse === undefined) {
    throw new ConfigError(`${path}: must end in ${Object.keys(PARSERS).join(', ')}`)
  }
  let values: unknown
  try {
    values = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new ConfigError(`${path}: ${(error as Error).message}`)
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new ConfigError(`${path}: must hold keys and values`)
  }
  return { name: path, values: values as RawConfig }
}

/** All files of a folder that can be read, in the order of their names. */
export function readConfigFolder(path: string): readonly Source[] {
  let names: string[]
  try {
    names = readdirSync(path).sort()
  } catch (error) {
    throw new ConfigError(`${path}: ${(error as Error).message}`)
  }
  return names
    .filter((name) => extname(name) in PARSERS)
    .map((name) => readConfigFile(join(path, name)))
}

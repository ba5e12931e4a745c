import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { ConfigError } from './config-error.ts'
import { replaceFile } from './replace-file.ts'
import type { AgentConfig } from './schema.ts'
import { tagsSchema } from './tags.ts'

type Tags = Readonly<Record<string, string>>

/** For its owner alone, as with Serf: tags may tell more than all should know. */
const MODE = 0o600

/**
 * The same with the tags of its `tags_file`, where there is one.
 *
 * @throws {ConfigError} naming the file and what is wrong with it.
 */
export function withTagsFile(config: AgentConfig): AgentConfig {
  const { tags_file: path } = config
  const tags = path === undefined ? undefined : readTags(path)
  return tags === undefined ? config : { ...config, tags }
}

function readTags(path: string): Tags | undefined {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // It is made when somebody first sets tags.
    if (code === 'ENOENT') return undefined
    throw new ConfigError(`${path}: ${message}`)
  }
  const checked = v.safeParse(tagsSchema, value)
  if (checked.success) return checked.output
  throw new ConfigError(`${path}: must hold names of tags and their values, each as text`)
}

/** The file that remembers tags over a restart, in the form of Serf's own. */
export class TagsFile {
  readonly #path: string
  #written: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Keep these: on the disk when it resolves. Whoever reads the file meanwhile, or after a crash, finds
   * those before or these, whole.
   *
   * @throws the system's error; the file is as it was then.
   */
  async keep(tags: Tags): Promise<void> {
    const text = `${JSON.stringify(tags, null, 2)}\n`
    const written = this.#written.then(() => replaceFile(this.#path, text, MODE))
    this.#written = written.catch(() => {})
    await written
  }
}

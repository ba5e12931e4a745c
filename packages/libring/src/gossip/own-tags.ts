import { LIBRING_TAG } from '../base/member.ts'
import { requireTags, type Tags } from '../serf/tags.ts'

/** The tags of the local member: the user's, and beside them what libring says of itself. */
export class OwnTags {
  #given: Tags
  #announced: string | undefined

  constructor(given: Tags) {
    this.#given = { ...given }
  }

  get all(): Tags {
    return join(this.#given, this.#announced)
  }

  /** All tags, now that the user's are these. @throws {OptionError} when they are none. */
  give(tags: unknown): Tags {
    requireTags('tags', tags)
    const all = join(tags, this.#announced)
    requireTags('tags', all)
    this.#given = { ...tags }
    return all
  }

  /** All tags, now that libring says this. @throws {OptionError} when they are too large. */
  announce(text: string | undefined): Tags {
    const all = join(this.#given, text)
    requireTags('tags', all)
    this.#announced = text
    return all
  }
}

function join(given: Tags, announced: string | undefined): Tags {
  return announced === undefined ? { ...given } : { ...given, [LIBRING_TAG]: announced }
}

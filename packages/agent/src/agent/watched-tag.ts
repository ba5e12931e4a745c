import type { Cluster } from 'libring'

type Tags = Readonly<Record<string, string>>

/**
 * The tags of the local member: those it was given, and the watched one while a consumer is
 * attached, whoever sets tags meanwhile.
 */
export class WatchedTag {
  readonly #cluster: Pick<Cluster, 'setTags'>
  readonly #name: string
  readonly #value: string
  readonly #onError: (error: unknown) => void
  #tags: Tags
  #isBorne = false

  constructor(
    cluster: Pick<Cluster, 'setTags'>,
    [name, value]: readonly [name: string, value: string],
    tags: Tags,
    onError: (error: unknown) => void,
  ) {
    this.#cluster = cluster
    this.#name = name
    this.#value = value
    this.#tags = this.#others(tags)
    this.#onError = onError
  }

  /** All but the watched one. */
  get others(): Tags {
    return this.#tags
  }

  /** A consumer is attached now, or none is any more. */
  bear(isBorne: boolean): void {
    this.#isBorne = isBorne
    this.set(this.#tags).catch(this.#onError)
  }

  /** All other tags are these from now on. Resolves once the others have been told. */
  set(tags: Tags): Promise<void> {
    this.#tags = this.#others(tags)
    return this.#cluster.setTags(
      this.#isBorne ? { ...this.#tags, [this.#name]: this.#value } : this.#tags,
    )
  }

  /** The member has these by now, as somebody set them who does not know of the watched one. */
  see(tags: Tags): void {
    const isRight = (tags[this.#name] === this.#value) === this.#isBorne
    if (!isRight) this.set(tags).catch(this.#onError)
    else this.#tags = this.#others(tags)
  }

  /** Without those that libring itself sets. */
  #others(tags: Tags): Tags {
    const { [this.#name]: _watched, libring: _libring, ...others } = tags
    return others
  }
}

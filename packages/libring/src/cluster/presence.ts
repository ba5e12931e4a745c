import { LIBRING_TAG } from '../base/member.ts'
import type { RingConfiguration, RingStanding } from '../ownership/ring-tag.ts'
import type { Logger } from '../ports/logger.ts'
import type { Membership } from '../ports/membership.ts'
import { announce, moveIn, moveOut, tell } from './tenancy.ts'
import type { TagFilter } from './watch-tags.ts'

/** Why the local member is about to go, when it is. */
export type Departure = 'draining' | 'returning'

/** What the local member is, as far as its standing depends on it. */
export interface Circumstances {
  /** Whether `minMembers` were seen. */
  readonly isFormed: boolean
  /** Whether it holds nothing and takes nothing. */
  readonly isEmpty: boolean
}

/** What the local member says of the ring to all others, by the tag `libring`. */
export class Presence {
  readonly #membership: Membership
  readonly #name: string
  readonly #configuration: RingConfiguration
  readonly #filter: TagFilter
  readonly #droppedByDrain: readonly string[]
  readonly #logger: Logger
  readonly #circumstances: () => Circumstances
  readonly #onFailed = (error: unknown): void => {
    this.#logger.warn('standing not spread', { ring: this.#name, error })
  }
  #isOpen = false
  #standing: RingStanding = 'router'
  #departure: Departure | undefined

  constructor(setup: {
    readonly membership: Membership
    readonly name: string
    readonly configuration: RingConfiguration
    readonly filter: TagFilter
    /** Names of tags that the local member gives up when it drains. */
    readonly droppedByDrain: readonly string[]
    readonly logger: Logger
    readonly circumstances: () => Circumstances
  }) {
    this.#membership = setup.membership
    this.#name = setup.name
    this.#configuration = setup.configuration
    this.#filter = setup.filter
    this.#droppedByDrain = setup.droppedByDrain
    this.#logger = setup.logger
    this.#circumstances = setup.circumstances
  }

  get standing(): RingStanding {
    return this.#standing
  }

  /** Whether the local member drains because it was told to, and not for want of a watched tag. */
  get isDrainAsked(): boolean {
    return this.#departure === 'draining'
  }

  /**
   * Before the membership is started, so that the first others hear of us tells of the ring.
   *
   * @throws {OptionError} when the ring has no place on the membership, or its tag none beside
   *   those of the user.
   */
  open(): void {
    this.#standing = this.#presentStanding()
    moveIn(this.#membership, this.#tag)
    try {
      announce(this.#membership, this.#tag).catch(this.#onFailed)
    } catch (error) {
      moveOut(this.#membership, this.#name, undefined)
      throw error
    }
    this.#isOpen = true
  }

  /** Say what has changed, if something has. */
  refresh(): void {
    const standing = this.#presentStanding()
    if (!this.#isOpen || standing === this.#standing) return
    this.#standing = standing
    void this.#announce()
  }

  /** We are about to go. Resolves once that has been spread, or could not be in time. */
  async depart(departure: Departure): Promise<void> {
    this.#departure = departure
    this.#standing = departure
    await this.#announce()
    if (departure === 'draining' && this.#droppedByDrain.length > 0) await this.#dropTags()
  }

  /** Say nothing more. Whether the membership is used by nobody else and is to be ended. */
  close(): 'end it' | 'let it be' {
    if (!this.#isOpen) return 'let it be'
    this.#isOpen = false
    // Whoever is to return says so as long as the membership lasts, and that it has nothing.
    if (this.#departure === 'returning') this.#standing = 'away'
    const last = this.#standing === 'away' ? this.#tag : undefined
    const outcome = moveOut(this.#membership, this.#name, last)
    if (outcome === 'let it be') tell(this.#membership).catch(this.#onFailed)
    return outcome
  }

  get #tag() {
    return { name: this.#name, standing: this.#standing, configuration: this.#configuration }
  }

  /** The tags of the user. */
  get #tags(): Readonly<Record<string, string>> {
    const { ringChannel, localName } = this.#membership
    const local = this.#membership.members().find(({ name }) => name === localName)
    const { [LIBRING_TAG]: _, ...tags } = ringChannel?.tags ?? local?.tags ?? {}
    return tags
  }

  #presentStanding(): RingStanding {
    if (this.#departure !== undefined) return this.#departure
    const { isFormed, isEmpty } = this.#circumstances()
    if (this.#filter.matches(this.#tags)) return isFormed ? 'serving' : 'forming'
    return isEmpty ? 'router' : 'draining'
  }

  async #dropTags(): Promise<void> {
    const kept = Object.entries(this.#tags).filter(([tag]) => !this.#droppedByDrain.includes(tag))
    try {
      await this.#membership.setTags(Object.fromEntries(kept))
    } catch (error) {
      this.#onFailed(error)
    }
  }

  async #announce(): Promise<void> {
    try {
      await announce(this.#membership, this.#tag)
    } catch (error) {
      this.#onFailed(error)
    }
  }
}

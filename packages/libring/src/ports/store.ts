/**
 * Lines of text that outlive the process, oldest first. One call at a time: the next begins when
 * the last one has settled. Calls that need not wait, as in a simulation, return nothing.
 *
 * A process that ends in the midst of a call leaves what was there before, with nothing of the
 * call, all of it, or, of an append, the first lines of it. Nothing else is ever lost or torn.
 */
export interface Store extends AsyncDisposable {
  /** Size in bytes, known once open. */
  readonly bytes: number

  /**
   * Open it, made if there was none, or anew after it was let go of, and hand over all its lines. One that is no text, or longer
   * than 4,096 bytes, comes as `undefined`; a last one without its end is dropped.
   *
   * @throws {LibringError} `LIBRING_FILE_UNUSABLE` when it cannot be read or written.
   */
  open(onLine: (line: string | undefined) => void): Promise<void> | void

  /**
   * Add lines at the end; none of them holds an end of line. After a failure it has to be replaced.
   *
   * @param how.durable settle once they would outlive a loss of power, and not just the process.
   * @throws whatever the system says.
   */
  append(lines: readonly string[], how: { readonly durable: boolean }): Promise<void> | void

  /**
   * Put these lines in place of all others, durably and at once.
   *
   * @throws whatever the system says; what was there before is there still.
   */
  replace(lines: readonly string[]): Promise<void> | void
}

/** Where the keys of a node outlive the process. */
export interface KeyStore {
  /**
   * Keep these keys, the primary key first, in place of those before. Settles once they would
   * outlive a loss of power.
   *
   * @throws whatever the system says; those before are there still.
   */
  save(keys: readonly Uint8Array[]): Promise<void>
}

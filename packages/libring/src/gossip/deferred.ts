/** A promise and its outcome in two hands. Settling twice does nothing. */
export class Deferred<T> {
  readonly promise: Promise<T>
  #resolve!: (value: T) => void
  #reject!: (reason: unknown) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  resolve(value: T): void {
    this.#resolve(value)
  }

  /** Settle as `work` does. */
  follow(work: Promise<T>): void {
    work.then(this.#resolve, this.#reject)
  }

  reject(reason: unknown): void {
    this.#reject(reason)
  }
}

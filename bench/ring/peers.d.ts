declare module 'hashring' {
  export default class HashRing {
    constructor(servers: readonly string[], algorithm?: string, options?: object)
    get(key: string): string
    range(key: string, size: number): string[]
  }
}

declare module 'consistent-hash' {
  export default class ConsistentHash {
    add(node: string, count?: number, points?: readonly number[]): this
    get(key: string): string
    get(key: string, count: number): string[]
  }
}

import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Store } from '../../packages/libring/src/ports/store.ts'
import { FileStore } from '../../packages/libring/src/runtime/file-store.ts'
import { SimStore, type SimFile } from '../../packages/libring/src/sim/store.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { storeContract } from './store.ts'

storeContract('a file', () => {
  const path = join(temporaryFolder(), 'snapshot')
  let open: Store | undefined
  onTestFinished(() => open?.[Symbol.asyncDispose]())
  return {
    reopen() {
      void open?.[Symbol.asyncDispose]()
      open = new FileStore(path)
      return open
    },
  }
})

storeContract('a simulated file', () => {
  const file: SimFile = { durable: [], written: [] }
  return { reopen: () => new SimStore(file) }
})

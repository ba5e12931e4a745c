/** Appends to a file store and writes it anew, as fast as it can, until it is killed. */
import { FileStore } from '../../packages/libring/src/runtime/file-store.ts'

const store = new FileStore(process.argv[2]!)
await store.open(() => {})
for (let round = Number(process.argv[3]); ; round++) {
  const lines = Array.from({ length: 400 }, (_, index) => `${round} ${index}`)
  await store.replace(lines)
  for (let index = 400; index < 420; index++) {
    await store.append([`${round} ${index}`], { durable: index === 410 })
  }
  process.send?.(round)
}

import type { OwnershipHandlers } from './handlers.ts'
import type { Gate } from './gate.ts'

/**
 * Handlers that wait before the gate. One that is to take a partition and was called off meanwhile
 * is not called; whoever is to let one go is called all the same.
 */
export function gatedHandlers(handlers: OwnershipHandlers, gate: Gate): OwnershipHandlers {
  const { onAcquire, onRelease, onChange } = handlers
  return {
    ...(onAcquire && {
      onAcquire: (event) => gate.pass(() => onAcquire(event), event.signal),
    }),
    ...(onRelease && { onRelease: (event) => gate.pass(() => onRelease(event)) }),
    ...(onChange && { onChange: (event) => gate.pass(() => onChange(event)) }),
  }
}

/** A stream whose readers wait before the gate. What they are given then has folded meanwhile. */
export function gatedStream<T>(stream: AsyncIterable<T>, gate: Gate): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const reader = stream[Symbol.asyncIterator]()
      return {
        next: () => gate.pass(() => reader.next()) as Promise<IteratorResult<T>>,
        return: () => reader.return!(),
      }
    },
  }
}

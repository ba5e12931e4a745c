/**
 * Give up the turn of the event loop, once: every promise settles that waits for nothing but other
 * promises. It takes no virtual time.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

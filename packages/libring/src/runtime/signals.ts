import { constants } from 'node:os'
import { OptionError } from '../base/errors.ts'
import type { Signals } from '../cluster/ports.ts'

const UNCATCHABLE = ['SIGKILL', 'SIGSTOP']

/** Signals to this process. */
export class ProcessSignals implements Signals {
  watch(names: readonly string[], listener: (name: string) => void): () => void {
    for (const [index, name] of names.entries()) {
      if (Object.hasOwn(constants.signals, name) && !UNCATCHABLE.includes(name)) continue
      throw new OptionError(`signals[${index}]`, 'the name of a signal that can be caught', name)
    }
    const onSignal = (name: string): void => listener(name)
    const distinct = [...new Set(names)]
    for (const name of distinct) process.on(name, onSignal)
    return () => {
      for (const name of distinct) process.off(name, onSignal)
    }
  }
}

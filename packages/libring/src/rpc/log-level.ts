/** How much an agent has to say before a monitor hears of it, least first. */
const LEVELS: readonly string[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERR']

/** The place of a level among all, whatever its case; `undefined` where there is none of that name. */
export function logLevel(name: string): number | undefined {
  const place = LEVELS.indexOf(name.toUpperCase())
  return place < 0 ? undefined : place
}

/** Whether a line is as urgent as `level`: it says so in its first brackets. One that does not is. */
export function isAsUrgent(line: string, level: number): boolean {
  const [, name = ''] = /\[(\w+)\]/.exec(line) ?? []
  const place = LEVELS.indexOf(name)
  return place < 0 || place >= level
}

/** What was asked for was understood, and came to nothing: the program ends with status 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

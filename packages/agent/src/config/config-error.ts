/** What the agent was told cannot be done: the program ends with status 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

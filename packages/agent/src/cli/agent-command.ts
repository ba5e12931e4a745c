import { Command, Option } from 'commander'
import { Agent, type Ending } from '../agent/agent.ts'
import { agentLog, type AgentLog } from '../agent/log.ts'
import { configOf, type Source } from '../config/config.ts'
import { readConfigFile, readConfigFolder } from '../config/files.ts'
import { withTagsFile } from '../config/tags-file.ts'
import type { AgentConfig } from '../config/schema.ts'
import { flagsSource, FLAGS, type AgentFlags } from './agent-flags.ts'
import { gathered } from './pairs.ts'

/** Exit codes, besides those of commander for flags that it does not know. */
const [LEFT, FAILED] = [0, 1]

/** `libring agent`: a member of a cluster as a program of its own, until it is told to end. */
export function agentCommand(version: string): Command {
  const command = new Command('agent')
    .description('run an agent until it is interrupted')
    .option('--config-file <path>', 'JSON, TOML or YAML; may be repeated', gathered, [])
    .option('--config-dir <path>', 'all such files of a folder; may be repeated', gathered, [])
  for (const { flag, about, choices, isList } of FLAGS) {
    const option = new Option(`--${flag}`, about)
    if (choices !== undefined) option.choices(choices)
    command.addOption(isList === true ? option.argParser(gathered) : option)
  }
  return command.action(async (flags: AgentFlags) => {
    process.exitCode = await runAgent(flags, version)
  })
}

/** Run until the agent has ended. @throws {ConfigError | OptionError} before anything begins. */
async function runAgent(flags: AgentFlags, version: string): Promise<number> {
  const read = (): AgentConfig => withTagsFile(configOf(sourcesOf(flags)))
  const config = read()
  const log = agentLog(config, process.stdout)
  const agent = new Agent(config, log, version)
  if (config.role !== undefined) log.logger.warn('agent: role is deprecated; give it as a tag')
  return new Promise((resolve) => {
    let isEnding = false
    const finish = (ending: Promise<void>): void => {
      ending.then(
        () => resolve(LEFT),
        (error: unknown) => {
          log.logger.error(`agent: ${messageOf(error)}`)
          resolve(FAILED)
        },
      )
    }
    const end = (how: Ending): void => {
      // Whoever asks twice does not want to wait.
      if (isEnding) process.exit(FAILED)
      isEnding = true
      log.logger.info('agent: ending', { how })
      finish(agent.end(how))
    }
    const { leave_on_terminate, skip_leave_on_interrupt } = config
    process.on('SIGINT', () => end(skip_leave_on_interrupt ? 'return' : 'drain'))
    process.on('SIGTERM', () => end(leave_on_terminate ? 'drain' : 'return'))
    process.on('SIGHUP', () => reload(read, agent, log))
    const onLeft = (): void => {
      if (!isEnding) finish(agent.close())
      isEnding = true
    }
    const fail = (words: string): void => {
      isEnding = true
      log.logger.error(`agent: ${words}`)
      void agent.close().finally(() => resolve(FAILED))
    }
    const onGaveUp = (tries: number): void => {
      if (!isEnding) fail(`nobody of retry_join answered in ${tries} tries; ending`)
    }
    agent.start({ onLeft, onToken: tellToken, onGaveUp }).catch((error: unknown) => {
      if (!isEnding) fail(messageOf(error))
    })
  })
}

/** Tags, scripts and the log level are read again, as with Serf; what cannot be read changes nothing. */
function reload(read: () => AgentConfig, agent: Agent, log: AgentLog): void {
  try {
    const config = read()
    log.level = config.log_level
    agent.reload(config).catch((error: unknown) => {
      log.logger.error(`agent: ${messageOf(error)}`)
    })
    log.logger.info('agent: read the configuration again')
  } catch (error) {
    log.logger.error(`agent: ${messageOf(error)}`)
  }
}

function sourcesOf(flags: AgentFlags): readonly Source[] {
  return [
    ...flags.configDir.flatMap(readConfigFolder),
    ...flags.configFile.map(readConfigFile),
    flagsSource(flags),
  ]
}

/** Not into the log, which goes to many places. */
function tellToken(token: string): void {
  process.stderr.write(`token for the HTTP API, shown this once: ${token}\n`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Arguments with two dashes before each word, as Serf's users write one or two. Single letters keep
 * theirs, and so does whatever stands behind `--`.
 */
export function withTwoDashes(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  return args.map((arg, at) => {
    const isFlag = (end < 0 || at < end) && /^-[a-z][a-z0-9-]+(=|$)/.test(arg)
    return isFlag ? `-${arg}` : arg
  })
}

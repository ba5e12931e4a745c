import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { reapWithUs } from '../support/reaper.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const PROGRAM = fileURLToPath(new URL('../support/store-process.main.ts', import.meta.url))

// Goal: whenever a process is killed, its file is that of one moment. Method: kill one that does
// nothing but write, at other moments each time; a round is 400 lines at once, then 20 one by one.
test('a process killed while it writes leaves a file of one moment', async () => {
  const path = join(temporaryFolder(), 'snapshot')
  let round = 1
  for (let life = 0; life < 12; life++) {
    const child = fork(PROGRAM, [path, String(round)], { execArgv: ['--import', 'tsx'] })
    reapWithUs(child)
    for (let seen = 0; seen < 3 + life; seen++) [round] = (await once(child, 'message')) as [number]
    // The message came after its round: it is somewhere in one of the next.
    child.kill('SIGKILL')
    await once(child, 'exit')

    const text = readFileSync(path, 'utf8')
    const lines = text
      .slice(0, text.lastIndexOf('\n') + 1)
      .trimEnd()
      .split('\n')
    const [first] = lines[0]!.split(' ')
    expect(Number(first)).toBeGreaterThanOrEqual(round)
    expect(lines).toEqual(lines.map((_, index) => `${first} ${index}`))
    expect(lines.length).toBeGreaterThanOrEqual(400)
    round = Number(first) + 1
  }
})

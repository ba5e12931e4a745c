import { describe, expect, test } from 'vitest'
import { CHECKS } from 'libring/sim'
import { Stage } from '../support/check-stage.ts'

// Each check is shown a promise that is broken, and the same story with the promise kept.

/** What the check of this name says of a story. */
function reports(check: keyof typeof CHECKS, story: (stage: Stage) => void): readonly string[] {
  const stage = new Stage(CHECKS[check]!)
  story(stage)
  return stage.reports
}

const first = (check: string, story: (stage: Stage) => void) => reports(check, story)[0]
const none = (check: string, story: (stage: Stage) => void) =>
  expect(reports(check, story)).toEqual([])

describe('exactSteps sees', () => {
  test('a number left out', () => {
    const story = (stage: Stage, seq: number) => {
      stage.acquire('ann', 0)
      stage.step('ann', { type: 'release', partition: 0, replica: 0, seq })
    }
    expect(first('exactSteps', (stage) => story(stage, 3))).toContain('number 3, not 2')
    none('exactSteps', (stage) => story(stage, 2))
  })

  test('a step from a role that is not held', () => {
    expect(first('exactSteps', (stage) => stage.release('ann', 0, 1))).toContain('the role was')
  })

  test('a step that changes nothing', () => {
    const story = (stage: Stage, replica: number) => {
      stage.acquire('ann', 0, 1)
      stage.step('ann', { type: 'change', partition: 0, replica, previousReplica: 1 })
    }
    expect(first('exactSteps', (stage) => story(stage, 1))).toContain('changes nothing')
    none('exactSteps', (stage) => story(stage, 2))
  })

  test('index 0 without a token, and a token that cannot be', () => {
    const acquire = { type: 'acquire', partition: 0, replica: 0 } as const
    expect(first('exactSteps', (stage) => stage.step('ann', acquire))).toContain('token undefined')
    expect(first('exactSteps', (stage) => stage.acquire('ann', 0, 0, 1n << 63n))).toContain(
      'impossible token',
    )
  })
})

describe('handlersInTurn sees', () => {
  test('two at once for one partition', () => {
    const story = (stage: Stage, isDone: boolean) => {
      const acquire = stage.acquire('ann', 0)
      stage.handle('ann', acquire)
      if (isDone) stage.done('ann', acquire)
      stage.handle('ann', stage.release('ann', 0))
    }
    expect(first('handlersInTurn', (stage) => story(stage, false))).toContain('while another runs')
    none('handlersInTurn', (stage) => story(stage, true))
  })

  test('one that is told what does not follow', () => {
    const story = (stage: Stage, isTold: boolean) => {
      const acquire = stage.acquire('ann', 0)
      if (isTold) {
        stage.handle('ann', acquire)
        stage.done('ann', acquire)
      }
      stage.handle('ann', stage.release('ann', 0))
    }
    expect(first('handlersInTurn', (stage) => story(stage, false))).toContain('is told of 0')
    none('handlersInTurn', (stage) => story(stage, true))
  })

  test('nothing wrong with an acquire that failed and is told again', () => {
    none('handlersInTurn', (stage) => {
      const acquire = stage.acquire('ann', 0, 1)
      stage.handle('ann', acquire)
      stage.done('ann', acquire, 'failed')
      stage.handle('ann', acquire)
    })
  })
})

describe('onePrimary sees', () => {
  test('a partition that is taken while another holds it', () => {
    const story = (stage: Stage, isReleased: boolean) => {
      stage.acquire('ann', 0)
      stage.pass(30_000)
      if (isReleased) stage.release('ann', 0)
      stage.acquire('bob', 0)
    }
    expect(first('onePrimary', (stage) => story(stage, false))).toContain('ann')
    none('onePrimary', (stage) => story(stage, true))
  })

  test('the same by a process that has begun since, unless the holder was paused lately', () => {
    const story = (stage: Stage, sinceMs: number) => {
      stage.acquire('ann', 0)
      stage.pass(30_000)
      stage.change('ann', { isPaused: true })
      stage.pass(4_000)
      stage.change('ann', { isPaused: false })
      stage.pass(sinceMs)
      stage.begin('dan')
      stage.acquire('dan', 0)
    }
    expect(first('onePrimary', (stage) => story(stage, 25_250))).toContain('ann')
    none('onePrimary', (stage) => story(stage, 7_000))
  })

  test('no difference where the two do not know of each other, or not where to reach each other', () => {
    const story = (stage: Stage, host: string) => {
      stage.acquire('ann', 0)
      stage.pass(30_000)
      stage.change('ann', { host })
      stage.acquire('bob', 0)
    }
    none('onePrimary', (stage) => story(stage, '10.0.0.99'))
    expect(first('onePrimary', (stage) => story(stage, '10.0.0.1'))).toContain('ann')
  })

  test('one that is taken while a handler has yet to let it go, and not after its time', () => {
    const story = (stage: Stage, waitMs: number) => {
      const acquire = stage.acquire('ann', 0)
      stage.handle('ann', acquire)
      stage.done('ann', acquire)
      stage.pass(30_000)
      stage.handle('ann', stage.release('ann', 0))
      stage.pass(waitMs)
      stage.acquire('bob', 0)
    }
    expect(first('onePrimary', (stage) => story(stage, 9_000))).toContain('still letting it go')
    none('onePrimary', (stage) => story(stage, 10_000))
  })

  test('one whose acquire is at work or was told to be released, and none that has come to nothing', () => {
    const story = (
      stage: Stage,
      ends: 'before' | 'after' | 'never',
      becomes: 'backup' | 'none',
    ) => {
      const acquire = stage.acquire('ann', 0)
      stage.pass(30_000)
      stage.handle('ann', acquire)
      if (ends === 'before') stage.done('ann', acquire, 'failed')
      if (becomes === 'none') stage.release('ann', 0)
      else stage.step('ann', { type: 'change', partition: 0, previousReplica: 0, replica: 1 })
      if (ends === 'after') stage.done('ann', acquire, 'failed')
      stage.acquire('bob', 0)
    }
    none('onePrimary', (stage) => story(stage, 'before', 'backup'))
    none('onePrimary', (stage) => story(stage, 'after', 'backup'))
    const seen = [
      first('onePrimary', (stage) => story(stage, 'never', 'backup')),
      first('onePrimary', (stage) => story(stage, 'before', 'none')),
      first('onePrimary', (stage) => story(stage, 'after', 'none')),
    ]
    for (const report of seen) expect(report).toContain('still letting it go')
  })

  test('no difference where the two could not hear each other until lately', () => {
    const story = (stage: Stage, waitMs: number) => {
      stage.acquire('ann', 0)
      stage.cut(5_000)
      stage.pass(waitMs)
      stage.acquire('bob', 0)
    }
    none('onePrimary', (stage) => story(stage, 24_000))
    expect(first('onePrimary', (stage) => story(stage, 26_000))).toContain('can hear')
  })

  test('two holders that can talk and are not told of each other', () => {
    const story = (stage: Stage, isTold: boolean) => {
      stage.acquire('ann', 0)
      stage.cut(5_000)
      stage.acquire('bob', 0)
      stage.pass(5_000)
      if (isTold) {
        stage.tell('ann', 'double-holder', { member: 'bob', partitions: [0], yields: 'local' })
        stage.release('ann', 0)
      }
      stage.pass(6_000)
    }
    expect(first('onePrimary', (stage) => story(stage, false))).toContain('is not told')
    none('onePrimary', (stage) => story(stage, true))
  })

  test('two that are told of each other and stay', () => {
    const story = (stage: Stage) => {
      stage.acquire('ann', 0)
      stage.cut(5_000)
      stage.acquire('bob', 0)
      stage.tell('ann', 'double-holder', { member: 'bob', partitions: [0], yields: 'local' })
      stage.pass(26_000)
    }
    expect(first('onePrimary', story)).toContain('goes on holding')
  })
})

test('backupsStay sees a backup that goes before the one that is to come, and not after', () => {
  const story = (stage: Stage, { waitMs = 1_000, comes = false }) => {
    stage.acquire('ann', 0, 1)
    stage.pass(30_000)
    stage.plan = [['bob', 'cat'], [], [], []]
    stage.acquire('bob', 0)
    stage.tell('ann', 'rebalance', {})
    if (comes) stage.acquire('cat', 0, 1)
    stage.pass(waitMs)
    stage.release('ann', 0, 1)
  }
  expect(first('backupsStay', (stage) => story(stage, {}))).toContain('before cat has it')
  none('backupsStay', (stage) => story(stage, { comes: true }))
  none('backupsStay', (stage) => story(stage, { waitMs: 15_000 }))
})

test('onePlanAWindow sees two plans in one window, unless somebody failed', () => {
  const story = (stage: Stage, { waitMs = 500, type = 'member-join' }) => {
    stage.tell('ann', 'rebalance', { cause: [{ type: 'member-join' }] })
    stage.pass(waitMs)
    stage.tell('ann', 'rebalance', { cause: [{ type }] })
  }
  expect(first('onePlanAWindow', (stage) => story(stage, {}))).toContain('plans again after 500 ms')
  none('onePlanAWindow', (stage) => story(stage, { type: 'member-failed' }))
  none('onePlanAWindow', (stage) => story(stage, { waitMs: 1_000 }))
})

test('fewHandoffs sees more partitions on their way to one member than there may be', () => {
  const story = (stage: Stage, count: number, before: (stage: Stage) => void = () => {}) => {
    stage.plan = Array.from({ length: 4 }, () => ['cat'])
    stage.tell('cat', 'rebalance', {})
    before(stage)
    for (let partition = 0; partition < count; partition++) {
      const acquire = stage.acquire('ann', partition)
      stage.handle('ann', acquire)
      stage.done('ann', acquire)
      stage.handle('ann', stage.release('ann', partition, 0, 'cat'))
    }
    stage.pass(250)
  }
  expect(first('fewHandoffs', (stage) => story(stage, 3))).toContain('3 hand-offs at once to cat')
  none('fewHandoffs', (stage) => story(stage, 2))
  const wantsTwo = (stage: Stage) => {
    stage.plan = [['cat'], ['cat'], ['bob'], ['cat']]
  }
  none('fewHandoffs', (stage) => story(stage, 3, wantsTwo))
  const wakes = (stage: Stage) => stage.tell('ann', 'stalled', { durationMs: 30_000 })
  none('fewHandoffs', (stage) => story(stage, 3, wakes))
  const wakesAndLetsGo = (stage: Stage) => {
    wakes(stage)
    stage.acquire('ann', 3, 1)
    stage.pass(250)
  }
  expect(first('fewHandoffs', (stage) => story(stage, 3, wakesAndLetsGo))).toContain('3 hand-offs')
})

test('enoughMembers sees an acquire before enough members were there', () => {
  const story = (stage: Stage, count: number) => {
    stage.tell('ann', 'rebalance', { members: Array.from({ length: count }) })
    stage.acquire('ann', 0)
  }
  expect(first('enoughMembers', (stage) => story(stage, 1))).toContain('before 2 members were seen')
  none('enoughMembers', (stage) => story(stage, 2))
})

test('homesAreKept sees a member that acquires what has a home that is alive', () => {
  const story = (stage: Stage, homes: readonly string[]) => {
    stage.homes = [homes, [], [], []]
    stage.acquire('cat', 0)
  }
  expect(first('homesAreKept', (stage) => story(stage, ['ann', 'bob']))).toContain('home ann')
  none('homesAreKept', (stage) => story(stage, ['cat', 'bob']))
  none('homesAreKept', (stage) => story(stage, ['gone', 'away']))
})

test('drainsInOrder sees a partition that is let go for nobody while others are there', () => {
  const story = (stage: Stage, to: string | undefined, { stalls = false } = {}) => {
    stage.acquire('ann', 0)
    stage.pass(30_000)
    stage.change('ann', { farewell: 'drain' })
    if (stalls) stage.tell('ann', 'stalled', { durationMs: 30_000 })
    stage.release('ann', 0, 0, to)
  }
  expect(first('drainsInOrder', (stage) => story(stage, undefined))).toContain('for nobody')
  none('drainsInOrder', (stage) => story(stage, 'bob'))
  none('drainsInOrder', (stage) => story(stage, undefined, { stalls: true }))
  none('drainsInOrder', (stage) => {
    stage.end('bob')
    stage.end('cat')
    story(stage, undefined)
  })
})

describe('selfFenced sees', () => {
  const pauses = (stage: Stage, forMs: number) => {
    stage.acquire('ann', 0)
    stage.fault({ type: 'pause', node: 'ann' })
    stage.pass(forMs)
  }

  test('what is held, as a member believes that was stopped for longer than others wait', () => {
    const story = (stage: Stage, { forMs = 5_250, isSure = true, isUp = true } = {}) => {
      pauses(stage, forMs)
      stage.change('ann', { isSure, isUp })
      stage.fault({ type: 'resume', node: 'ann' })
    }
    expect(first('selfFenced', (stage) => story(stage))).toContain('ann holds 0, as it believes')
    none('selfFenced', (stage) => story(stage, { forMs: 5_000 }))
    none('selfFenced', (stage) => story(stage, { isSure: false }))
    none('selfFenced', (stage) => story(stage, { isUp: false }))
  })

  test('the same of one whose clock was set forward', () => {
    const story = (stage: Stage, skews: readonly number[], passMs = 15_000) => {
      stage.acquire('ann', 0)
      for (const skewMs of skews) {
        stage.pass(passMs)
        stage.fault({ type: 'skew', node: 'ann', skewMs })
      }
    }
    expect(first('selfFenced', (stage) => story(stage, [5_001]))).toContain('5001 ms forward')
    expect(first('selfFenced', (stage) => story(stage, [-3_000, 3_000]))).toContain(
      '6000 ms forward',
    )
    none('selfFenced', (stage) => story(stage, [3_000, 8_000]))
    none('selfFenced', (stage) => story(stage, [-3_000, 3_000], 1_000))
  })

  test('steps before anybody can have been reached', () => {
    const story = (stage: Stage, act: (stage: Stage) => void, names: readonly string[] = []) => {
      for (const name of names) stage.end(name)
      pauses(stage, 20_000)
      stage.change('ann', { isSure: false })
      stage.fault({ type: 'resume', node: 'ann' })
      act(stage)
    }
    const steps = (stage: Stage) => void stage.release('ann', 0)
    const waits = (stage: Stage) => stage.pass(250)
    expect(first('selfFenced', (stage) => story(stage, steps))).toContain(
      'release of 0 as it wakes',
    )
    none('selfFenced', (stage) => story(stage, steps, ['bob', 'cat']))
    none('selfFenced', (stage) => {
      story(stage, waits)
      steps(stage)
    })
  })
})

describe('tokensGrow sees', () => {
  /** The token that is drawn when a clock shows so many milliseconds. */
  const tokenAt = (wallMs: number) => BigInt(wallMs) << 16n

  test('a token that is not above that of the holder before', () => {
    const story = (stage: Stage, token: bigint) => {
      stage.acquire('ann', 0, 0, tokenAt(7))
      stage.pass(30_000)
      stage.release('ann', 0)
      stage.acquire('bob', 0, 0, token)
    }
    expect(first('tokensGrow', (stage) => story(stage, tokenAt(7)))).toContain('do not grow')
    none('tokensGrow', (stage) => story(stage, tokenAt(8)))
  })

  test('the same after a crash, unless the token of the dead was ahead of the clock', () => {
    const story = (stage: Stage, wallMs: number) => {
      stage.acquire('ann', 0, 0, tokenAt(700))
      stage.end('ann')
      stage.change('bob', { wallMs })
      stage.acquire('bob', 0, 0, tokenAt(700))
    }
    expect(first('tokensGrow', (stage) => story(stage, 701))).toContain('lags behind')
    none('tokensGrow', (stage) => story(stage, 700))
  })

  test('a token of the past', () => {
    const story = (stage: Stage, wallMs: number) => {
      stage.change('ann', { wallMs })
      stage.acquire('ann', 0, 0, tokenAt(700))
    }
    expect(first('tokensGrow', (stage) => story(stage, 701))).toContain('lags behind')
    none('tokensGrow', (stage) => story(stage, 700))
  })
})

describe('servedAsPlanned sees', () => {
  const story = (stage: Stage, holders: readonly string[]) => {
    stage.plan = [['ann'], ['ann'], ['ann'], ['ann']]
    for (let partition = 1; partition < 4; partition++) stage.acquire('ann', partition)
    for (const holder of holders) stage.acquire(holder, 0)
    stage.rest()
  }

  test('a partition that nobody holds, that two hold, or that the wrong one holds', () => {
    const sees = (holders: readonly string[]) =>
      reports('servedAsPlanned', (stage) => story(stage, holders)).join('\n')
    expect(sees(['ann'])).toBe('')
    expect(sees([])).toContain('0 is held by nobody')
    expect(sees(['ann', 'bob'])).toContain('0 is held by ann and bob')
    expect(sees(['bob'])).toContain('bob holds 0 as 0, though planned as undefined')
  })
})

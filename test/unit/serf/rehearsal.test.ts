import { describe, expect, test } from 'vitest'
import { systemCipher } from '../../../packages/libring/src/runtime/cipher.ts'
import { resolveSerfOptions } from '../../../packages/libring/src/serf/options.ts'
import { rehearse } from '../../../packages/libring/src/serf/rehearsal.ts'
import { resolveSwimOptions } from '../../../packages/libring/src/swim/options.ts'
import { Keyring } from '../../../packages/libring/src/wire/keyring.ts'
import { IN_CLEAR, type Security } from '../../../packages/libring/src/wire/security.ts'

function sealed(verifyOutgoing: boolean): Security {
  const keyring = new Keyring([new Uint8Array(16).fill(1)])
  const seal = { keyring, cipher: systemCipher, verifyIncoming: true, verifyOutgoing }
  return { label: Uint8Array.of(1, 2), seal }
}

const rehearsed = (security: Security, swim = {}) =>
  rehearse({ swim: resolveSwimOptions('lan', swim), serf: resolveSerfOptions(), security })

describe('in a rehearsal, a member does once all that comes with joins:', () => {
  test.each([
    ['in clear', IN_CLEAR, {}],
    ['compressed', IN_CLEAR, { compression: true }],
    ['encrypted', sealed(true), { compression: true }],
  ])('%s', (_, security, swim) => {
    const machine = rehearsed(security, swim)
    expect(machine.members().map(({ name }) => name)).toContain('rehearsal-9')
    const left = machine.members().filter(({ status }) => status === 'leaving')
    expect(left).toMatchObject([{ name: 'rehearsal-1' }])
    const { stats } = machine
    expect(stats.swim.pushPullsReceived).toBe(9)
    expect(stats.swim.messagesReceived.messages.alive).toBeGreaterThanOrEqual(9)
    expect(stats.received).toMatchObject({ join: 9, leave: 1, 'push-pull': 9 })
    // An ack and a response of nine others, and of each at most one by relay as well.
    expect(stats.received['query-response']).toBeGreaterThanOrEqual(18)
    expect(Object.values({ ...stats.faults, ...stats.swim.faults }).filter((n) => n > 0)).toEqual(
      [],
    )
  })
})

test('a rehearsal of members who refuse what they send comes to its end', () => {
  const { stats } = rehearsed(sealed(false))
  expect(stats.swim.pushPullsReceived).toBe(0)
})

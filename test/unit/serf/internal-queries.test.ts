import { beforeEach, describe, expect, test } from 'vitest'
import { ipToBytes } from '../../../packages/libring/src/base/address.ts'
import { NO_BYTES, utf8Encode } from '../../../packages/libring/src/base/bytes.ts'
import { decodeSerf, encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { Query, QueryResponse } from '../../../packages/libring/src/serf/messages.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import { aliveOf, LoneNode, newsIn, place } from './lone-node.ts'
import { streamMessage } from './world.ts'
import { answerOf, answersIn, queryOf } from './query-builders.ts'

let node: LoneNode

beforeEach(() => {
  node = new LoneNode()
})

describe('queries about nodes themselves', () => {
  /** Ask the node something internal; gives the payload of its answer. */
  function askNode(name: string, payload = NO_BYTES): unknown {
    const [answer] = answersIn(node.hear(queryOf({ name, payload, flags: 2 })))
    if (answer === undefined) return undefined
    const { message } = decodeSerf((answer.message as QueryResponse).payload)
    return message
  }

  test('are acknowledged but never told', () => {
    const effects = node.hear(queryOf({ name: '_serf_ping', flags: 1 }))
    expect(newsIn(effects)).toEqual([])
    expect(answersIn(effects)).toHaveLength(1)
    expect(newsIn(node.hear(queryOf({ id: 2, name: '_serf_anything' })))).toEqual([])
  })

  test('how a member is known is told with its address, tags, status and versions', () => {
    node.meet('bob', 3, { role: 'db' })
    expect(askNode('_serf_conflict', utf8Encode('bob'))).toEqual({
      type: 'conflict-response',
      member: {
        name: 'bob',
        addr: ipToBytes(place(3).host)!,
        port: 7946,
        tags: { role: 'db' },
        status: 1,
        versions: [1, 5, 2, 2, 5, 5],
      },
    })
  })

  test('that a member is not known is told as that; about ourselves nothing is', () => {
    const nobody = { type: 'conflict-response', member: undefined }
    expect(askNode('_serf_conflict', utf8Encode('zoe'))).toEqual(nobody)
    expect(answersIn(node.hear(queryOf({ id: 2, name: '_serf_conflict' })))).toHaveLength(1)
    const own = queryOf({ id: 3, name: '_serf_conflict', payload: utf8Encode('self') })
    expect(answersIn(node.hear(own))).toEqual([])
    const scrap = queryOf({ id: 4, name: '_serf_conflict', payload: Uint8Array.of(0xff) })
    expect(answersIn(node.hear(scrap))).toEqual([])
  })
})

describe('our name at another address', () => {
  const claim = (last: number): Uint8Array => encodeMessage(aliveOf('self', last, {}, 30))

  function dispute(): Query {
    node.packet(claim(9))
    node.effects()
    const query = node.gossiped().find((message) => message.type === 'query')
    if (query === undefined) throw new Error('nobody was asked')
    return query
  }

  /** A vote of `voter`, who knows our name at this address. */
  function vote({ ltime, id }: Query, voter: string, last: number, mapped = false): void {
    const four = ipToBytes(place(last).host)!
    const addr = mapped ? ipToBytes(`::ffff:${place(last).host}`)! : four
    const member = { name: 'self', addr, port: 7946, tags: {}, status: 1 }
    const versions = [1, 5, 2, 2, 5, 5] as const
    const payload = encodeSerf({ type: 'conflict-response', member: { ...member, versions } })
    node.hear(answerOf({ ltime, id, from: voter, payload }))
  }

  /** Let the time for votes pass; whoever has won them is called, and answers or does not. */
  function settle(how: 'answers' | 'is not there'): string[] {
    // The vote began a second ago and takes 1.6; a call is given up after another.
    const effects = node.wait(1_000)
    const told = newsIn(effects)
    for (const effect of effects) {
      if (effect.type !== 'dial' || effect.to.host !== place(9).host) continue
      const ping = streamMessage(effect.bytes)
      if (ping.type !== 'ping' || ping.node !== 'self') throw new Error('that is no call')
      const { dial } = effect
      told.push(`called ${effect.to.host}`)
      const message = { type: 'ack', seq: ping.seq, payload: NO_BYTES } as const
      const reply =
        how === 'answers'
          ? ({ type: 'reply', dial, message } as const)
          : ({ type: 'dial-failed', dial, reason: 'refused' } as const)
      told.push(...newsIn(node.feed(reply)))
    }
    told.push(...newsIn(node.wait(2_000)))
    return told.filter((line) => /^(called|name-lost|member-failed self)/.test(line))
  }

  test('has all others asked whom they know by it', () => {
    expect(dispute()).toMatchObject({
      name: '_serf_conflict',
      payload: utf8Encode('self'),
      flags: 0,
      sourceNode: 'self',
    })
  })

  test('is lost when most of those who answer know it there, and whoever is there answers', () => {
    const query = dispute()
    vote(query, 'ann', 9)
    vote(query, 'bob', 9)
    vote(query, 'cat', 1)
    expect(settle('answers')).toEqual([
      'called 127.0.0.9',
      'member-failed self',
      'name-lost 1 of 3',
    ])
  })

  test('is lost when half of them do', () => {
    const query = dispute()
    vote(query, 'ann', 9)
    vote(query, 'bob', 1)
    expect(settle('answers')).toContain('name-lost 1 of 2')
  })

  test('is kept when most of them know it here, in whatever form they write our address', () => {
    const query = dispute()
    vote(query, 'ann', 1, true)
    vote(query, 'bob', 1)
    vote(query, 'cat', 9)
    expect(settle('answers')).toEqual([])
  })

  test('is kept while whom others take for its owner is not there: a process that ended', () => {
    const query = dispute()
    for (const voter of ['ann', 'bob', 'cat']) vote(query, voter, 9)
    expect(settle('is not there')).toEqual(['called 127.0.0.9'])
    expect(node.machine.status).toBe('alive')
  })

  test('is kept when those who answer know nobody by it', () => {
    const { ltime, id } = dispute()
    const payload = encodeSerf({ type: 'conflict-response', member: undefined })
    node.hear(answerOf({ ltime, id, from: 'ann', payload }))
    expect(settle('answers')).toEqual([])
  })

  test('is lost to whom most know, not to whom somebody names', () => {
    const query = dispute()
    vote(query, 'ann', 8)
    vote(query, 'bob', 9)
    vote(query, 'cat', 9)
    expect(settle('answers')).toContain('name-lost 0 of 3')
  })

  test('one vote each, and only those that are votes', () => {
    const query = dispute()
    vote(query, 'ann', 1)
    for (let i = 0; i < 5; i++) vote(query, 'ann', 9)
    node.hear(
      answerOf({ ltime: query.ltime, id: query.id, from: 'bob', payload: utf8Encode('no') }),
    )
    expect(settle('answers')).toEqual([])
  })

  test('is kept when nobody answers, so that one forged packet ends no node that is alone', () => {
    dispute()
    expect(settle('answers')).toEqual([])
  })

  test('is asked about again only after a while, however often it is claimed', () => {
    dispute()
    for (let i = 0; i < 50; i++) node.packet(claim(9))
    node.effects()
    const again = node.gossiped().filter((message) => message.type === 'query')
    expect(again.length).toBeLessThanOrEqual(1)
    node.wait(11_000)
    expect(dispute().ltime).toBe(2n)
  })

  test('is nothing to ask about where the option says so, nor while we leave', () => {
    for (const setup of [{ serf: { nameConflictResolution: false } }, {}]) {
      node = new LoneNode(setup)
      if (setup.serf === undefined) node.feed({ type: 'leave' })
      node.packet(claim(9))
      node.effects()
      expect(node.gossiped().filter((message) => message.type === 'query')).toEqual([])
    }
  })
})

import { expect, test } from 'vitest'
import { RingPost } from '../../../packages/libring/src/cluster/ring-post.ts'
import type { PeerMessage } from '../../../packages/libring/src/ownership/messages.ts'
import { stateOf } from '../../support/cluster.ts'
import { ScriptedChannel } from '../../support/ring-channel.ts'

const HEADER = { life: 1n, clock: 1n, digest: 0, space: 0 }

function aPost(): { post: RingPost; channel: ScriptedChannel; say: (to: string) => void } {
  const channel = new ScriptedChannel()
  const post = new RingPost(channel, 'jobs', { onMessage: () => {}, onExchanged: () => {} })
  post.open()
  let seq = 0
  const say = (to: string): void => {
    const message: PeerMessage = { ...HEADER, seq: ++seq, type: 'offer', holdings: [] }
    post.send(to, message)
  }
  return { post, channel, say }
}

test('the post is idle once what is under way and what waits has come to its end', async () => {
  const { post, channel, say } = aPost()
  expect(await stateOf(post.whenIdle())).toBe('resolved')
  for (const to of ['ann', 'ann', 'bob']) say(to)
  const idle = post.whenIdle()
  const over = async (at: number, isDelivered: boolean): Promise<string> => {
    channel.sent[at]!.over(isDelivered)
    return await stateOf(idle)
  }
  expect(channel.sent.map(({ to }) => to)).toEqual(['ann', 'bob'])
  expect(await over(0, true)).toBe('pending')
  expect(await over(1, false)).toBe('pending')
  expect(channel.sent.map(({ to }) => to)).toEqual(['ann', 'bob', 'ann'])
  expect(await over(2, true)).toBe('resolved')
})

test('a post that is closed sends nothing, so it is idle', async () => {
  const { post, say } = aPost()
  say('ann')
  const idle = post.whenIdle()
  expect(await stateOf(idle)).toBe('pending')
  post.close()
  expect(await stateOf(idle)).toBe('resolved')
  say('ann')
  expect(await stateOf(post.whenIdle())).toBe('resolved')
})

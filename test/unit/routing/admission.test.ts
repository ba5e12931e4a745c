import { describe, expect, test } from 'vitest'
import { admit } from '../../../packages/libring/src/routing/admission.ts'
import type { ForwardMark } from '../../../packages/libring/src/routing/forward-mark.ts'
import { FakeCluster, type FakeState } from '../../support/fake-cluster.ts'

function aMark(fields: Partial<ForwardMark> = {}): ForwardMark {
  return {
    partition: 7,
    role: 'primary',
    configuration: '1a2b3c4d',
    hop: 1,
    tried: [],
    key: '',
    ...fields,
  }
}

function decide(state: FakeState, mark: Partial<ForwardMark> = {}): unknown {
  return admit(new FakeCluster(state), aMark(mark), 3)
}

const refuse = (owner?: string, reason = 'not-owner'): object => ({ type: 'refuse', reason, owner })

describe('a member that was sent a request, ann', () => {
  test.each<[string, FakeState, Partial<ForwardMark>, object]>([
    [
      'serves what it holds as primary, whoever the ring names',
      { holders: ['bob'], local: { replica: 0 } },
      {},
      { type: 'serve' },
    ],
    [
      'does not serve as a backup what is for the primary',
      { holders: ['bob', 'ann'], local: { replica: 1 } },
      {},
      refuse('bob'),
    ],
    [
      'serves as a backup what any holder may',
      { holders: ['bob', 'ann'], local: { replica: 1 } },
      { role: 'holder' },
      { type: 'serve' },
    ],
    [
      'does not serve as a backup before its copy is there',
      { holders: ['bob', 'ann'], local: { replica: 1, isReady: false } },
      { role: 'holder' },
      refuse('bob'),
    ],
    [
      'waits for its own handler',
      { holders: ['ann'], local: { replica: 0, isReady: false } },
      {},
      { type: 'wait' },
    ],
    [
      'waits for what it is about to take, where nobody holds it',
      { holders: ['ann'] },
      {},
      { type: 'wait' },
    ],
    [
      'names whoever still serves what it is about to take',
      { holders: ['ann'], servedBy: 'bob' },
      {},
      { ...refuse('bob'), isNext: true },
    ],
    [
      'waits where whoever still served it has sent the request away',
      { holders: ['ann'], servedBy: 'bob' },
      { tried: ['bob'] },
      { type: 'wait' },
    ],
    [
      'waits for what it is about to take, whoever serves it, where it is asked last',
      { holders: ['ann'], servedBy: 'bob' },
      { hop: 3 },
      { type: 'wait' },
    ],
    [
      'waits where it is asked last and could name only who has refused',
      { holders: ['bob', 'ann'], local: { replica: 1 } },
      { hop: 3, tried: ['cat', 'bob'] },
      { type: 'wait', otherwise: refuse('bob') },
    ],
    [
      'names one that has refused, where nothing can come to it any more',
      { holders: ['bob'], isOutside: true },
      { hop: 3, tried: ['cat', 'bob'] },
      refuse('bob'),
    ],
    [
      'waits where it is asked last and could name nobody',
      { holders: [] },
      { hop: 3 },
      { type: 'wait', otherwise: refuse() },
    ],
    [
      'names whom nobody has asked yet, though it is asked last',
      { holders: ['bob'] },
      { hop: 3, tried: ['cat'] },
      refuse('bob'),
    ],
    [
      'names one that has refused, as long as others may be asked',
      { holders: ['bob'] },
      { hop: 2, tried: ['bob'] },
      refuse('bob'),
    ],
    ['names the owner of what it has nothing to do with', { holders: ['bob'] }, {}, refuse('bob')],
    ['names nobody while the ring has no members', { holders: [] }, {}, refuse()],
    [
      'serves nothing while its holding is not valid',
      { holders: ['bob'], local: { replica: 0, isValid: false } },
      {},
      refuse('bob'),
    ],
    [
      'serves nothing to another configuration',
      { holders: ['ann'], local: { replica: 0 } },
      { configuration: '00000000' },
      refuse(undefined, 'configuration'),
    ],
    [
      'serves nothing that has gone too far',
      { holders: ['ann'], local: { replica: 0 } },
      { hop: 4 },
      refuse(undefined, 'hops'),
    ],
  ])('%s', (_name, state, mark, expected) => {
    expect(decide(state, mark)).toEqual(expected)
  })
})

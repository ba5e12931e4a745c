import { beforeEach, expect, test } from 'vitest'
import { WatchedTag } from '../../../../packages/agent/src/agent/watched-tag.ts'

type Tags = Readonly<Record<string, string>>

let given: Tags[]
let tag: WatchedTag

beforeEach(() => {
  given = []
  const cluster = {
    setTags: (tags: Tags) => {
      given.push(tags)
      return Promise.resolve()
    },
  }
  tag = new WatchedTag(cluster, ['ring', 'active'], { zone: 'a' }, () => {})
})

test('is borne beside the others while a consumer is attached', () => {
  tag.bear(true)
  tag.bear(false)
  expect(given).toEqual([{ zone: 'a', ring: 'active' }, { zone: 'a' }])
  expect(tag.others).toEqual({ zone: 'a' })
})

test('stays when others are set, and nobody sets it by setting others', async () => {
  await tag.set({ zone: 'b', ring: 'active' })
  tag.bear(true)
  await tag.set({ zone: 'c' })
  expect(given).toEqual([
    { zone: 'b' },
    { zone: 'b', ring: 'active' },
    { zone: 'c', ring: 'active' },
  ])
})

test('is put right after somebody set tags who does not know of it', () => {
  tag.bear(true)
  tag.see({ zone: 'd', libring: '1,ring' })
  tag.bear(false)
  tag.see({ zone: 'e', ring: 'active' })
  expect(given.slice(1)).toEqual([{ zone: 'd', ring: 'active' }, { zone: 'd' }, { zone: 'e' }])
})

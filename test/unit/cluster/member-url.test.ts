import { describe, expect, test } from 'vitest'
import { memberUrl } from '../../../packages/libring/src/cluster/member-url.ts'

function urlOf(http: string, host = '10.0.0.7', foreign: 'allow' | 'refuse' = 'refuse') {
  return memberUrl({ host, tags: { http } }, foreign)
}

test('a port is one of the address that the member advertises', () => {
  expect(urlOf('8080')).toBe('http://10.0.0.7:8080')
  expect(urlOf('8080', '2001:db8::7')).toBe('http://[2001:db8::7]:8080')
})

test('a member without the tag has no URL', () => {
  expect(memberUrl({ host: '10.0.0.7', tags: {} }, 'allow')).toBeUndefined()
})

describe('a whole URL', () => {
  test('of the same host is taken as it is, without a trailing slash', () => {
    expect(urlOf('https://10.0.0.7:8443/')).toBe('https://10.0.0.7:8443')
    expect(urlOf('http://10.0.0.7/base/')).toBe('http://10.0.0.7/base')
    expect(urlOf('http://[2001:db8:0::7]:80', '2001:db8::7')).toBe('http://[2001:db8::7]')
  })

  test.each([
    'http://evil.example',
    'http://10.0.0.8:8080',
    'http://10.0.0.7.evil.example',
    'http://10.0.0.7:80@evil.example',
  ])('of another host is not believed: %s', (url) => {
    expect(urlOf(url)).toBeUndefined()
  })

  test('of another host is taken where that is allowed', () => {
    expect(urlOf('http://lb.example:8080', '10.0.0.7', 'allow')).toBe('http://lb.example:8080')
  })
})

test.each([
  '',
  '0',
  '65536',
  '-1',
  '80.5',
  ' 80',
  'ftp://10.0.0.7',
  'javascript:alert(1)',
  'http://',
  'http://user@10.0.0.7',
  'http://10.0.0.7/?a=b',
  'http://10.0.0.7/#top',
])('%o says nothing', (http) => {
  expect(urlOf(http, '10.0.0.7', 'allow')).toBeUndefined()
})

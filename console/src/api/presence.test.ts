import { expect, test } from 'vitest'
import { consoleHeader } from './presence'

const MINUTE = 60_000

test('a read that nobody has caused is no use of the session', () => {
  expect(consoleHeader('GET', 2 * MINUTE, 0)).toBe('background')
  expect(consoleHeader('GET', MINUTE / 2, 0)).toBe('1')
})

test('a change is always a use', () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
    expect(consoleHeader(method, 2 * MINUTE, 0)).toBe('1')
})

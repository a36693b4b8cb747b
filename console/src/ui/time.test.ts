import { expect, test } from 'vitest'
import { durationText, relativeText } from './time'

const now = new Date('2026-11-30T12:00:00Z')

test.each([
  ['2026-11-30T11:59:58Z', '2 seconds ago', '2秒钟前'],
  ['2026-11-30T11:57:00Z', '3 minutes ago', '3分钟前'],
  ['2026-11-29T11:00:00Z', 'yesterday', '昨天'],
  ['2026-12-02T13:00:00Z', 'in 2 days', '后天'],
])('%s is said as people say it', (moment, english, chinese) => {
  expect(relativeText(new Date(moment), now, 'en')).toBe(english)
  expect(relativeText(new Date(moment), now, 'zh-CN')).toBe(chinese)
})

test('a length of time has hours only when it needs them', () => {
  expect([5, 65, 7380].map(durationText)).toEqual(['0:05', '1:05', '2:03:00'])
})

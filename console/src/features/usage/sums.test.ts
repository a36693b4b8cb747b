import { expect, test } from 'vitest'
import { addDays, dayOf, daysBetween, isDay } from './days'
import { byDay, currenciesOf, groupsOf, largest, type Sum, totalOf } from './sums'

function sum(id: string, currency: string | null, tokens: number, cost: number | null): Sum {
  return {
    id,
    name: id.toUpperCase(),
    currency,
    total_tokens: tokens,
    cost_micros: cost,
    tasks: 1,
    web_searches: 0,
    unpriced_tasks: 0,
    unpriced_tokens: 0,
    estimated_tasks: 0,
  }
}

const sums = [
  sum('a', 'CNY', 10, 100),
  sum('a', 'USD', 5, 70),
  sum('b', 'CNY', 40, 20),
  sum('c', null, 3, null),
]

test('a group has a row for each currency, and the currencies are never added', () => {
  expect(groupsOf(sums).map(({ id, sums: rows }) => [id, rows.length])).toEqual([
    ['a', 2],
    ['b', 1],
    ['c', 1],
  ])
  expect(currenciesOf(sums)).toEqual(['CNY', 'USD'])
  expect(totalOf(sums, 'cost CNY')).toBe(120)
  expect(totalOf(sums, 'cost USD')).toBe(70)
  expect(totalOf(sums, 'tokens')).toBe(58)
})

test('the largest groups depend on what is measured', () => {
  const groups = groupsOf(sums)
  expect(largest(groups, 'tokens', 2).map(({ id }) => id)).toEqual(['b', 'a'])
  expect(largest(groups, 'cost USD', 2).map(({ id }) => id)).toEqual(['a'])
})

test('amounts of one day are added', () => {
  expect(byDay([sum('2026-11-30', 'CNY', 1, 2), sum('2026-11-30', null, 4, null)], 'tokens')).toEqual({
    '2026-11-30': 5,
  })
})

test('days are those of the calendar', () => {
  expect(addDays('2026-02-27', 2)).toBe('2026-03-01')
  expect(dayOf(new Date('2026-11-30T18:00:00Z'), 'Asia/Shanghai')).toBe('2026-12-01')
  expect(daysBetween('2026-11-28', '2026-12-01', 90)).toEqual([
    '2026-11-28',
    '2026-11-29',
    '2026-11-30',
    '2026-12-01',
  ])
  expect(daysBetween('2026-01-01', '2026-12-01', 2)).toEqual(['2026-11-30', '2026-12-01'])
  expect(daysBetween('2026-12-02', '2026-12-01', 2)).toEqual([])
  expect(['2026-11-30', '2026-13-01', 'x', undefined].map(isDay)).toEqual([true, false, false, false])
})

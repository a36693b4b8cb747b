import { expect, test } from 'vitest'
import { labelled, textWidth, ticksFor } from './scale'

test('an axis has a few round whole numbers, which hold the largest value', () => {
  expect(ticksFor(0)).toEqual([0, 1])
  expect(ticksFor(1)).toEqual([0, 1])
  expect(ticksFor(3)).toEqual([0, 1, 2, 3])
  expect(ticksFor(7)).toEqual([0, 2, 4, 6, 8])
  expect(ticksFor(100)).toEqual([0, 50, 100])
  expect(ticksFor(1_234_567)).toEqual([0, 500_000, 1_000_000, 1_500_000])
  for (let largest = 1; largest < 1e15; largest = Math.ceil(largest * 1.37)) {
    const ticks = ticksFor(largest)
    expect(ticks.length, String(largest)).toBeLessThanOrEqual(5)
    expect(ticks.at(-1), String(largest)).toBeGreaterThanOrEqual(largest)
    expect(ticks.every(Number.isInteger), String(largest)).toBe(true)
  }
})

test('as many names stand under the bars as there is room for, and none stands out', () => {
  expect(labelled(3, 20, 40)).toEqual([0, 1, 2])
  expect(labelled(10, 60, 20)).toEqual([2, 5, 8])
  expect(labelled(24, 90, 10)).toEqual([10, 19])
  expect(labelled(0, 20, 40)).toEqual([])
})

test('a Chinese character takes more room than a digit', () => {
  expect(textWidth('12万')).toBeGreaterThan(textWidth('12K'))
})

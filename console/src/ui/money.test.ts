import { expect, test } from 'vitest'
import { microsOrNull } from './form/schemas'
import { microsText, moneyText } from './money'

test.each([
  [0, 'CNY', '¥0.00'],
  [1_234_567_890, 'CNY', '¥1,234.57'],
  [12_300, 'USD', '$0.0123'],
  [46, 'CNY', '¥0.000046'],
  [-500_000, 'CNY', '-¥0.50'],
])('%i micros in %s are %s', (micros, currency, text) => {
  expect(moneyText(micros, currency, 'zh-CN').replace('US$', '$')).toBe(text)
})

test('an amount in a form is read back as it was', () => {
  for (const micros of [0, 1, 10, 1_500_000, 12_345_678_900_001]) {
    expect(microsOrNull().parse(microsText(micros))).toBe(micros)
  }
})

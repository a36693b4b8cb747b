import { expect, test } from 'vitest'
import { fieldOf } from './field-of'

test.each([
  ['name', 'name'],
  ['allowed_ips[0]', 'allowed_ips'],
  ['limits.rpm', 'rpm'],
  ['metadata.a.b', 'metadata'],
  ['limits', null],
  ['other', null],
  [null, null],
])('an error about %s is shown at %s', (param, field) => {
  expect(fieldOf(param, ['name', 'allowed_ips', 'rpm', 'metadata'])).toBe(field)
})

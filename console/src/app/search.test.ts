import { expect, test } from 'vitest'
import { parseSearch, searchOf, stringifySearch } from './search'

test('an address keeps what looks like a number or JSON as text', () => {
  const search = { after: '12', q: '{"a":1}', status: 'true' }
  expect(parseSearch(stringifySearch(search))).toEqual(search)
})

test('an address drops what is empty or unknown', () => {
  expect(stringifySearch({ q: '', after: undefined })).toBe('')
  expect(searchOf('q', 'after')({ q: 'a', after: '', other: 'b', x: 1 })).toEqual({ q: 'a' })
})

import { expect, test } from 'vitest'
import { integerOrNull, linesOrNull, microsOrNull, objectOrNull, textOrNull } from './schemas'

test.each([
  [textOrNull(), ' a ', 'a'],
  [textOrNull(), '  ', null],
  [integerOrNull(), '0012', 12],
  [integerOrNull(), '', null],
  [microsOrNull(), '12.5', 12_500_000],
  [microsOrNull(), '0.000001', 1],
  [linesOrNull(), 'a\n\n b \n', ['a', 'b']],
  [linesOrNull(), '\n', null],
  [objectOrNull(), '{"a":1}', { a: 1 }],
])('what is typed becomes what the API takes (%#)', (schema, typed, sent) => {
  expect(schema.parse(typed)).toEqual(sent)
})

test.each([
  [integerOrNull(), '1.5'],
  [integerOrNull(), '1e3'],
  [microsOrNull(), '0.0000001'],
  [microsOrNull(), '1,5'],
  [objectOrNull(), '[1]'],
  [objectOrNull(), '{'],
])('what cannot be read is refused at its field (%#)', (schema, typed) => {
  expect(schema.safeParse(typed).success).toBe(false)
})

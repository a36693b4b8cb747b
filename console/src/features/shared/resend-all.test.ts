import { expect, test } from 'vitest'
import { resendAll } from './resend-all'

function answering(...answers: ({ resent: number; has_more: boolean } | undefined)[]) {
  const left = [...answers]
  return () => Promise.resolve(left.shift())
}

test('an endpoint with more than one request resends is resent whole', async () => {
  const send = answering(
    { resent: 1000, has_more: true },
    { resent: 7, has_more: false },
    { resent: 9, has_more: false },
  )
  expect(await resendAll(send)).toBe(1007)
})

test('what cannot be resent now ends it', async () => {
  expect(await resendAll(answering({ resent: 0, has_more: true }, { resent: 1, has_more: false }))).toBe(0)
})

test('an act without an answer is sent once', async () => {
  expect(await resendAll(answering(undefined, { resent: 1, has_more: true }))).toBe(0)
})

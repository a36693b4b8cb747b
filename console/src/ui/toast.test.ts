import { expect, test } from 'vitest'
import { type Message, receiveMessages, removeMessages, say, sayingErrors, toPresent } from './toast'

function receiver() {
  const shown: Message[] = []
  return {
    shown,
    show: (message: Message) => void shown.push(message),
    removeAll: () => void shown.splice(0),
  }
}

test('what is said before the corner is there is shown later', () => {
  const corner = receiver()
  say('saved')
  const leave = receiveMessages(corner)
  say('deleted')
  leave()
  expect(corner.shown.map(({ text }) => text)).toEqual(['saved', 'deleted'])
})

test('what was said to one person is not there for the next', () => {
  const corner = receiver()
  say('saved')
  removeMessages()
  const leave = receiveMessages(corner)
  expect(corner.shown).toEqual([])
  say('deleted')
  removeMessages()
  leave()
  expect(corner.shown).toEqual([])
})

test('an answer that comes after the next sign-in is not told to that person', () => {
  const corner = receiver()
  const leave = receiveMessages(corner)
  const first = toPresent()
  const context = sayingErrors.onMutate()
  first.say('saved')
  removeMessages()
  first.say('deleted')
  first.sayError(new Error('away'))
  sayingErrors.onError(new Error('away'), undefined, context)
  expect(corner.shown).toEqual([])
  toPresent().say('made')
  expect(corner.shown.map(({ text }) => text)).toEqual(['made'])
  leave()
})

import { expect, test } from 'vitest'
import { type Message, receiveMessages, removeMessages, say } from './toast'

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

import i18next from 'i18next'
import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react'
import { asApiError } from '~/api/errors'

/** What is said in a corner. */
export interface Message {
  text: string
  detail?: string
  isError: boolean
}

interface Receiver {
  show: (message: Message) => void
  removeAll: () => void
}

const PRELOAD_MS = 1_000

const waiting: Message[] = []
let receiver: Receiver | null = null
/** Raised whenever messages are removed. */
let audience = 0
let isNeeded = false
let onNeeded: (() => void) | undefined

/** Says in a corner that something was done. */
export function say(text: string): void {
  send({ text, isError: false })
}

/** Says in a corner that something was not done, and why. */
export function sayError(thrown: unknown): void {
  const error = asApiError(thrown)
  const text = error.isAway ? i18next.t('common:away.title') : error.message
  send({ text, detail: error.requestId ?? undefined, isError: true })
}

/** Returns what tells only who is there now: the answer to what they did may come after the next sign-in. */
export function toPresent() {
  const present = audience
  const isThere = () => present === audience
  return {
    isThere,
    say: (text: string) => {
      if (isThere()) say(text)
    },
    sayError: (thrown: unknown) => {
      if (isThere()) sayError(thrown)
    },
  }
}

/** Options of a mutation whose error is said in a corner. */
export const sayingErrors = {
  onMutate: toPresent,
  onError: (thrown: unknown, _: unknown, present?: ReturnType<typeof toPresent>) => present?.sayError(thrown),
}

/** Takes away what was said: who is there now is not who it was said to. */
export function removeMessages(): void {
  audience += 1
  waiting.length = 0
  receiver?.removeAll()
}

function send(message: Message): void {
  if (receiver) {
    receiver.show(message)
    return
  }
  waiting.push(message)
  isNeeded = true
  onNeeded?.()
}

/** Gives `by` what is said from now on, and what was said before. */
export function receiveMessages(by: Receiver): () => void {
  receiver = by
  for (const message of waiting.splice(0)) by.show(message)
  return () => {
    receiver = null
  }
}

const load = () => import('./toast-corner')
const Corner = lazy(load)

/** Where messages appear. Its code comes after the page, and before it is needed: when the gateway is away it cannot. */
export function Toasts() {
  useEffect(() => {
    const timer = setTimeout(() => void load().catch(() => undefined), PRELOAD_MS)
    return () => clearTimeout(timer)
  }, [])
  const isShown = useSyncExternalStore(
    (listener) => {
      onNeeded = listener
      return () => {
        onNeeded = undefined
      }
    },
    () => isNeeded,
  )
  return (
    isShown && (
      <Suspense fallback={null}>
        <Corner />
      </Suspense>
    )
  )
}

/**
 * What every answer says beside its content: whether the gateway can be reached, and whether the session still lives.
 * It is kept outside of React, because requests are made outside of it.
 */
import { useSyncExternalStore } from 'react'

type Listener = () => void

let away = false
const awayListeners = new Set<Listener>()
let sessionListener: Listener | undefined

function setAway(value: boolean): void {
  if (away === value) return
  away = value
  for (const listener of awayListeners) listener()
}

export function reportAnswer(status: number, isSessionRequest: boolean): void {
  setAway(false)
  if (status === 401 && !isSessionRequest) sessionListener?.()
}

export function reportAway(): void {
  setAway(true)
}

/** Calls `listener` when an answer shows that the session has ended. */
export function onSessionEnd(listener: Listener): () => void {
  sessionListener = listener
  return () => {
    sessionListener = undefined
  }
}

export function useIsAway(): boolean {
  return useSyncExternalStore(
    (listener) => {
      awayListeners.add(listener)
      return () => awayListeners.delete(listener)
    },
    () => away,
  )
}

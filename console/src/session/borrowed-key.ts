/**
 * An API key that an admin lends to the playground, whose routes an admin token does not open. It is kept in memory
 * alone: until the page is reloaded, or somebody signs out.
 */
import { useSyncExternalStore } from 'react'
import { queryClient } from '~/app/query-client'

let key: string | null = null
const listeners = new Set<() => void>()

export function lendKey(value: string | null): void {
  key = value
  // What another key was shown is not for this one.
  queryClient.removeQueries({ queryKey: ['playground'] })
  for (const listener of listeners) listener()
}

export function useBorrowedKey(): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => key,
  )
}

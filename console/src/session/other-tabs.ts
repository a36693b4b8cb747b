/** Tells the other tabs of this browser that its session was ended: they share the cookie, and show what it opened. */
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('seedgate-session')

export function tellSignedOut(): void {
  channel?.postMessage('signed out')
}

/** Calls `listener` when another tab has signed out. */
export function onSignedOutElsewhere(listener: () => void): () => void {
  channel?.addEventListener('message', listener)
  return () => channel?.removeEventListener('message', listener)
}

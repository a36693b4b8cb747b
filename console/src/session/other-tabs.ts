/** Tells the other tabs of this browser of a change of its session: they share the cookie, and show what it opened. */
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('seedgate-session')

type Change = 'signed in' | 'signed out'

export function tellOtherTabs(change: Change): void {
  channel?.postMessage(change)
}

/** Calls `listener` when another tab has changed the session. */
export function onChangeElsewhere(listener: (change: Change) => void): () => void {
  const receive = ({ data }: MessageEvent<Change>) => listener(data)
  channel?.addEventListener('message', receive)
  return () => channel?.removeEventListener('message', receive)
}

/**
 * Whether somebody is at the page. A page that reads its lists again by itself must not keep its session alive: the
 * gateway is told of requests that nobody has caused, and does not count them as use.
 */
const PRESENT_MS = 60_000
const ACTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'] as const

// To open the page is an act.
let lastActAt = Date.now()

export function watchPresence(): void {
  for (const name of ACTS) {
    window.addEventListener(
      name,
      () => {
        lastActAt = Date.now()
      },
      { capture: true, passive: true },
    )
  }
}

/** Returns the header by which the gateway knows the page, and whether a read is a use of the session. */
export function consoleHeader(method: string, now = Date.now(), actAt = lastActAt): '1' | 'background' {
  const isRead = method === 'GET' || method === 'HEAD'
  return isRead && now - actAt > PRESENT_MS ? 'background' : '1'
}

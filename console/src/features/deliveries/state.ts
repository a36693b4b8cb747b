import type { Delivery } from './queries'

/** Returns the state that is shown: one that waits after a failure is `failing`. */
export function stateOf(delivery: Delivery): string {
  return delivery.status === 'pending' && delivery.attempts > 0 ? 'failing' : delivery.status
}

/** Returns what the last attempt brought. */
export function resultOf(delivery: Delivery): string {
  return delivery.last_error ?? (delivery.last_status === null ? '–' : `HTTP ${delivery.last_status}`)
}

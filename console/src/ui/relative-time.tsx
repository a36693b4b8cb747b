import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { exactText, relativeText } from './time'

const TICK_MS = 5_000

let now = new Date()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = new Date()
    for (const each of listeners) each()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Returns the time, a few seconds old; one clock for everything that is shown. */
export function useNow(): Date {
  return useSyncExternalStore(subscribe, () => now)
}

/** A moment, relative to now, with the exact one on hover. `at` as the API sends it: ISO 8601, or Unix seconds. */
export function RelativeTime({ at }: { at: string | number | null | undefined }) {
  const { i18n } = useTranslation()
  const moment = at == null ? null : new Date(typeof at === 'number' ? at * 1000 : at)
  const shownNow = useNow()
  if (moment === null) return '–'
  // The clock ticks slowly: what has just been made is not in the future.
  const asOf = moment > shownNow && moment.getTime() - shownNow.getTime() < TICK_MS ? moment : shownNow
  return (
    <time
      dateTime={moment.toISOString()}
      title={exactText(moment, i18n.language)}
      className="whitespace-nowrap"
    >
      {relativeText(moment, asOf, i18n.language)}
    </time>
  )
}

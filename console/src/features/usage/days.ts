/** Calendar days as text, `2026-11-30`, of whatever time zone. */

const DAY_MS = 86_400_000
const DAY = /^\d{4}-\d{2}-\d{2}$/

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10)
}

/** Returns the day of a moment in a time zone. */
export function dayOf(moment: Date, timeZone: string): string {
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(moment)
}

export function isDay(text: string | undefined): text is string {
  return text !== undefined && DAY.test(text) && !Number.isNaN(Date.parse(text))
}

/** Returns the days from the first to the last one, both included; of more than `most`, the last ones. */
export function daysBetween(first: string, last: string, most: number): string[] {
  const count = Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS) + 1
  const shown = Math.min(most, Math.max(0, count))
  return Array.from({ length: shown }, (_, index) => addDays(last, index - shown + 1))
}

/** Returns the time zones of the browser, the own one and UTC first. */
export function timeZones(): string[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  return [...new Set([own, 'UTC', ...Intl.supportedValuesOf('timeZone')])]
}

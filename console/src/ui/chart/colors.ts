/** Colours that are told apart in light and dark; what comes after them is put together as the rest. */
export const SERIES_COLORS = [1, 2, 3, 4, 5].map((number) => `var(--series-${number})`)
export const REST_COLOR = 'var(--series-6)'

/** The colour of each state of a task, as of its badge. */
export const STATUS_COLORS: Record<string, string> = {
  succeeded: 'var(--good)',
  failed: 'var(--bad)',
  expired: 'var(--warn)',
  cancelled: 'var(--series-6)',
  unfinished: 'var(--accent)',
}

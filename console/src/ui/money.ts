const MICROS = 1_000_000

/**
 * Returns an amount in its currency: at least cents, and as many digits more as a small amount needs.
 *
 * @param micros millionths of the currency's unit.
 */
export function moneyText(micros: number, currency: string, language: string): string {
  const amount = micros / MICROS
  const size = Math.abs(amount)
  const digits = size === 0 || size >= 1 ? 2 : size >= 0.01 ? 4 : 6
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(amount)
}

export function countText(count: number, language: string): string {
  return new Intl.NumberFormat(language).format(count)
}

/** Returns an amount as people type it into a form: the way back from `microsOrNull`. */
export function microsText(micros: number): string {
  const units = Math.floor(micros / MICROS)
  const rest = String(micros % MICROS)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return rest === '' ? String(units) : `${units}.${rest}`
}

/** Returns a count in few characters, for an axis: "12K". */
export function shortCountText(count: number, language: string): string {
  return new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(count)
}

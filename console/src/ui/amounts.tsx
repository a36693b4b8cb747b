import { useTranslation } from 'react-i18next'
import { countText, moneyText } from './money'

/** An amount of money. What has no price is no zero: it is a dash. */
export function Money({
  micros,
  currency,
}: {
  micros: number | null | undefined
  currency: string | null | undefined
}) {
  const { i18n } = useTranslation()
  if (micros == null || currency == null) return <span className="text-muted">–</span>
  return <span className="whitespace-nowrap tabular-nums">{moneyText(micros, currency, i18n.language)}</span>
}

export function Count({ value }: { value: number | null | undefined }) {
  const { i18n } = useTranslation()
  if (value == null) return <span className="text-muted">–</span>
  return <span className="tabular-nums">{countText(value, i18n.language)}</span>
}

import { useTranslation } from 'react-i18next'
import type { Measure } from './sums'

/** What the bars are as high as. */
export function MeasureSwitch({
  measures,
  value,
  onChange,
}: {
  measures: readonly Measure[]
  value: Measure
  onChange: (measure: Measure) => void
}) {
  const { t } = useTranslation('usage')
  return (
    <label className="flex items-center gap-2">
      <span className="text-muted">{t('measure.label')}</span>
      <select
        value={value}
        onChange={(event) => onChange(event.target.value as Measure)}
        className="rounded border border-line bg-surface px-2 py-1"
      >
        {measures.map((measure) => (
          <option key={measure} value={measure}>
            {measure === 'tokens' || measure === 'tasks'
              ? t(`measure.${measure}`)
              : t('measure.cost', { currency: measure.slice('cost '.length) })}
          </option>
        ))}
      </select>
    </label>
  )
}

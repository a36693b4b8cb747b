import { type ReactNode, useEffect, useEffectEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { cx } from './cx'

const TYPING_MS = 300
const FIELD = 'h-[1.875rem] min-w-0 rounded border border-line bg-surface px-2'

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="flex min-w-0 flex-col gap-0.5">
      <span className="text-muted text-xs">{label}</span>
      {children}
    </label>
  )
}

/** A filter that is text. It is applied when typing pauses. The one with `isSearch` gets the focus by `/`. */
export function TextFilter({
  label,
  value,
  onChange,
  isSearch = false,
  placeholder,
}: {
  label: string
  value: string | undefined
  onChange: (value: string) => void
  isSearch?: boolean
  placeholder?: string
}) {
  const [typed, setTyped] = useState(value ?? '')
  const [applied, setApplied] = useState(value ?? '')
  const apply = useEffectEvent(() => {
    if (typed === (value ?? '')) return
    setApplied(typed.trim())
    onChange(typed.trim())
  })
  // The address was changed by something else, as the back button.
  if ((value ?? '') !== applied) {
    setApplied(value ?? '')
    setTyped(value ?? '')
  }
  useEffect(() => {
    if (typed === applied) return
    const timer = setTimeout(apply, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, applied])

  return (
    <Labelled label={label}>
      <input
        type="search"
        value={typed}
        placeholder={placeholder}
        data-search={isSearch || undefined}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => event.key === 'Enter' && apply()}
        className={`${FIELD} w-44`}
      />
    </Labelled>
  )
}

/** A filter that is one of a few values, or none. */
export function ChoiceFilter({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: string | undefined
  options: readonly { value: string; label: string }[]
  onChange: (value: string) => void
}) {
  const { t } = useTranslation()
  return (
    <Labelled label={label}>
      <select
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value)}
        className={cx(FIELD, 'max-w-44')}
      >
        <option value="">{t('filter.all')}</option>
        {/* An address may filter by what is no choice any more. */}
        {value && !options.some((option) => option.value === value) && <option value={value}>{value}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

/** A filter that is a day of the browser's time zone, `2026-11-30`. */
export function DayFilter({
  label,
  value,
  onChange,
}: {
  label: string
  value: string | undefined
  onChange: (value: string) => void
}) {
  return (
    <Labelled label={label}>
      <input
        type="date"
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value)}
        className={FIELD}
      />
    </Labelled>
  )
}

/** Returns the moment at which a day begins, in the browser's time zone, as the API takes it. */
export function startOfDay(day: string | undefined, plusDays = 0): string | undefined {
  const [year, month, date] = (day ?? '').split('-').map(Number)
  if (!year || !month || !date) return undefined
  return new Date(year, month - 1, date + plusDays).toISOString()
}

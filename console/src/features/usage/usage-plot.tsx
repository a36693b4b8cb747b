import { useTranslation } from 'react-i18next'
import { REST_COLOR, SERIES_COLORS } from '~/ui/chart/colors'
import { type Bar, type Series, StackedBars } from '~/ui/chart/stacked-bars'
import { moneyText, shortCountText } from '~/ui/money'
import { daysBetween } from './days'
import { type Dimension, type Selection, useDaysOfGroups, useSums } from './queries'
import { byDay, groupsOf, largest, type Measure, type Sum } from './sums'

const MOST_BARS = 92
const REST = 'rest'

/** A bar for each day; in it the largest groups, and the rest. */
export function UsagePlot({
  by,
  sums,
  measure,
  selection,
  first,
  last,
}: {
  by: Dimension
  sums: readonly Sum[]
  measure: Measure
  selection: Selection
  first: string
  last: string
}) {
  const { t, i18n } = useTranslation('usage')
  const groups = by === 'day' ? [] : largest(groupsOf(sums), measure, SERIES_COLORS.length)
  const all = useSums('day', selection)
  const ofGroups = useDaysOfGroups(by, groups, selection).map((days) => byDay(days ?? [], measure))
  const total = byDay(all.data?.sums ?? [], measure)

  const bars: Bar[] = daysBetween(first, last, MOST_BARS).map((day) => {
    const values: Record<string, number> = {}
    let rest = total[day] ?? 0
    groups.forEach(({ id }, index) => {
      const amount = ofGroups[index]?.[day] ?? 0
      values[id] = amount
      rest -= amount
    })
    // Until all have come, and while tasks end in between, the parts may be more than the whole.
    values[REST] = Math.max(0, rest)
    return { label: day, values }
  })
  const hasRest = by === 'day' || bars.some((bar) => (bar.values[REST] ?? 0) > 0)
  const series: Series[] = groups.map(({ id, name }, index) => ({
    key: id,
    name: name ?? (id || t('noName')),
    color: SERIES_COLORS[index] ?? REST_COLOR,
  }))
  if (hasRest) {
    const isOnly = series.length === 0
    series.push({
      key: REST,
      name: t(isOnly ? 'all' : 'rest'),
      color: isOnly ? 'var(--series-1)' : REST_COLOR,
    })
  }
  const currency = measure.startsWith('cost ') ? measure.slice('cost '.length) : null
  return (
    <StackedBars
      label={t('plot', { by: t(`by.${by}`) })}
      bars={bars}
      series={series}
      format={(value) =>
        currency === null ? shortCountText(value, i18n.language) : moneyText(value, currency, i18n.language)
      }
    />
  )
}

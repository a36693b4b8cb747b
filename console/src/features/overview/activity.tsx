import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Summary } from '~/features/shared/summary'
import { Count } from '~/ui/amounts'
import { STATUS_COLORS } from '~/ui/chart/colors'
import { type Bar, StackedBars } from '~/ui/chart/stacked-bars'
import { countText, shortCountText } from '~/ui/money'
import { Section } from '~/ui/page'
import { StatusBadge } from '~/ui/status-badge'

const ENDED = ['succeeded', 'failed', 'expired', 'cancelled'] as const

/** How many tasks there are in each state, as ways to them. */
export function TaskStates({ tasks }: { tasks: NonNullable<Summary['tasks']> }) {
  const { t } = useTranslation('overview')
  const states = [...Object.entries(tasks.unfinished), ...Object.entries(tasks.ended)].filter(
    ([, count]) => count > 0,
  )
  return (
    <Section title={t('states.title')}>
      {states.length === 0 && <p className="text-muted">{t('states.none')}</p>}
      <ul className="flex flex-wrap gap-2">
        {states.map(([status, count]) => (
          <li key={status}>
            <Link
              to="/tasks"
              search={{ status }}
              className="flex items-center gap-2 rounded-md border border-line bg-surface px-3 py-1.5 hover:bg-raised"
            >
              <StatusBadge status={status} />
              <Count value={count} />
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** Tasks and tokens over time. */
export function Activity({ series }: { series: Summary['series'] }) {
  const { t, i18n } = useTranslation(['overview', 'common'])
  const language = i18n.language
  const labelOf = useMemo(() => labels(series.unit, language), [series.unit, language])
  const tasks: Bar[] = series.points.map((point) => ({
    label: labelOf(point.begins_at),
    values: { ...point.ended, unfinished: point.unfinished },
  }))
  const tokens: Bar[] = series.points.map((point) => ({
    label: labelOf(point.begins_at),
    values: { tokens: point.total_tokens },
  }))
  const color = (status: string) => STATUS_COLORS[status] ?? 'var(--series-6)'
  return (
    <div className="grid gap-6 xl:grid-cols-2">
      <Section title={t('plot.tasks')}>
        <StackedBars
          label={t('plot.tasks')}
          bars={tasks}
          series={[
            ...ENDED.map((key) => ({ key, name: t(`common:status.${key}`), color: color(key) })),
            { key: 'unfinished', name: t('plot.unfinished'), color: color('unfinished') },
          ]}
          format={(value) => countText(value, language)}
        />
      </Section>
      <Section title={t('plot.tokens')}>
        <StackedBars
          label={t('plot.tokens')}
          bars={tokens}
          series={[{ key: 'tokens', name: t('plot.tokensOfEnded'), color: 'var(--series-2)' }]}
          format={(value) => shortCountText(value, language)}
        />
      </Section>
    </div>
  )
}

function labels(unit: 'hour' | 'day', language: string): (moment: string) => string {
  const format = new Intl.DateTimeFormat(
    language,
    unit === 'hour'
      ? { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
      : { month: 'numeric', day: 'numeric' },
  )
  return (moment) => format.format(new Date(moment))
}

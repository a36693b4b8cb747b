import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { RANGES, type Range, rangeOf, useSummary } from '~/features/shared/summary'
import { ErrorPanel } from '~/ui/error-panel'
import { Page } from '~/ui/page'
import { Skeleton } from '~/ui/skeleton'
import { Activity, TaskStates } from './activity'
import { Findings } from './findings'
import { Spending } from './spending'

export function OverviewPage() {
  const { t } = useTranslation('overview')
  const { search, change } = useAddress<'range'>()
  const range = rangeOf(search.range)
  const query = useSummary(range)
  const summary = query.data
  return (
    <Page
      title={t('title')}
      actions={
        <select
          aria-label={t('range.label')}
          value={range}
          onChange={(event) => change({ range: event.target.value })}
          className="rounded border border-line bg-surface px-2 py-1"
        >
          {(Object.keys(RANGES) as Range[]).map((name) => (
            <option key={name} value={name}>
              {t(`range.${name}`)}
            </option>
          ))}
        </select>
      }
    >
      {query.error && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton />}
      {summary && (
        <div className="flex flex-col gap-6">
          {summary.findings && <Findings findings={summary.findings} />}
          <Spending spend={summary.spend} budgets={summary.budgets} />
          {summary.tasks && <TaskStates tasks={summary.tasks} />}
          <Activity series={summary.series} />
        </div>
      )}
    </Page>
  )
}

import { useTranslation } from 'react-i18next'
import type { api } from '~/api/client'
import { asApiError } from '~/api/errors'
import { ErrorPanel } from '~/ui/error-panel'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { StatusBadge } from '~/ui/status-badge'
import { useRecentTasks } from './queries'

/** The tenant's newest tasks. */
export function RecentTasks({
  tenant,
  current,
  onShow,
}: {
  tenant: typeof api
  current: string | undefined
  onShow: (id: string) => void
}) {
  const { t } = useTranslation('playground')
  const query = useRecentTasks(tenant)
  return (
    <Section title={t('recent.title')}>
      {query.error && <ErrorPanel error={asApiError(query.error)} />}
      {query.data?.length === 0 && <p className="text-muted">{t('recent.none')}</p>}
      <ul>
        {query.data?.map((task) => (
          <li key={task.id} className="border-line border-b last:border-0">
            <button
              type="button"
              aria-current={task.id === current || undefined}
              onClick={() => onShow(task.id)}
              className="flex w-full items-center gap-2 rounded px-1 py-1.5 text-left hover:bg-raised aria-[current]:bg-accent-soft"
            >
              <code className="min-w-0 truncate text-xs">{task.id}</code>
              <span className="ml-auto shrink-0 text-muted">
                <RelativeTime at={task.created_at} />
              </span>
              <StatusBadge status={task.status} />
            </button>
          </li>
        ))}
      </ul>
    </Section>
  )
}

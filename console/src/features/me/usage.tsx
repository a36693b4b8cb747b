import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { asApiError } from '~/api/errors'
import { Count, Money } from '~/ui/amounts'
import { Button } from '~/ui/button'
import { EmptyState } from '~/ui/empty-state'
import { ErrorPanel } from '~/ui/error-panel'
import { Skeleton } from '~/ui/skeleton'
import { columnsOf } from '~/ui/table/columns'
import { Rows } from '~/ui/table/data-table'
import { useOwnUsage } from './queries'

type Sum = Schemas['UsageSum']

const column = columnsOf<Sum>()

/** What the tenant's tasks cost, by day of the browser's time zone. */
export function OwnUsage() {
  const { t } = useTranslation('me')
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const usage = useOwnUsage(timeZone)
  const columns = useMemo(
    () => [
      column.accessor('id', { header: t('usage.day') }),
      column.accessor('tasks', {
        header: t('tab.tasks'),
        cell: (cell) => <Count value={cell.getValue()} />,
        meta: { isNumber: true },
      }),
      column.accessor('total_tokens', {
        header: t('task.tokens'),
        cell: (cell) => <Count value={cell.getValue()} />,
        meta: { isNumber: true },
      }),
      column.accessor('cost_micros', {
        header: t('usage.cost'),
        cell: ({ row }) => <Money micros={row.original.cost_micros} currency={row.original.currency} />,
        meta: { isNumber: true },
      }),
    ],
    [t],
  )
  if (usage.error) return <ErrorPanel error={asApiError(usage.error)} onRetry={() => void usage.refetch()} />
  if (!usage.data) return <Skeleton />
  const rows = usage.data.pages.flatMap((page) => page.data)
  if (rows.length === 0) return <EmptyState title={t('usage.none')} hint={t('usage.noneHint')} />
  return (
    <>
      <p className="text-muted">{t('usage.zone', { timeZone })}</p>
      <Rows
        label={t('tab.usage')}
        rows={rows}
        columns={columns}
        rowId={(sum) => `${sum.id} ${sum.currency}`}
      />
      {usage.hasNextPage && (
        <Button
          className="self-center"
          isBusy={usage.isFetchingNextPage}
          onClick={() => void usage.fetchNextPage()}
        >
          {t('usage.more')}
        </Button>
      )}
    </>
  )
}

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { useNames } from '~/features/shared/rights'
import { CopyId } from '~/ui/copy-id'
import { EmptyState } from '~/ui/empty-state'
import { RelativeTime } from '~/ui/relative-time'
import { StatusBadge } from '~/ui/status-badge'
import { columnsOf } from '~/ui/table/columns'
import { DataTable } from '~/ui/table/data-table'
import { OrphanDrawer } from './orphan-drawer'
import { type Orphan, useOrphans } from './orphans'

const column = columnsOf<Orphan>()

/** The upstream tasks that no tenant owns: paid for, and given to the create that made it, or to a tenant, in the drawer. */
export function OrphansTable() {
  const { t } = useTranslation(['tasks', 'common'])
  const { search, change } = useAddress<'after' | 'orphan'>()
  const { channels } = useNames()
  const query = useOrphans(search.after)
  const columns = useMemo(
    () => [
      column.accessor('status', {
        header: t('common:filter.status'),
        cell: (cell) => <StatusBadge status={cell.getValue()} />,
      }),
      column.accessor('upstream_id', {
        header: t('drawer.upstreamId'),
        cell: (cell) => <CopyId id={cell.getValue()} />,
      }),
      column.accessor('model', { header: t('column.model'), meta: { isExtra: true } }),
      column.accessor('channel_id', {
        header: t('column.channel'),
        cell: (cell) => channels.find(({ id }) => id === cell.getValue())?.name ?? cell.getValue(),
        meta: { isExtra: true },
      }),
      column.accessor((orphan) => orphan.possible_tasks.length, {
        id: 'possible',
        header: t('orphan.possible'),
        meta: { isNumber: true },
      }),
      column.accessor('created_at', {
        header: t('column.created'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
      }),
    ],
    [t, channels],
  )
  return (
    <>
      <p className="max-w-prose text-muted">{t('orphan.why')}</p>
      <DataTable
        label={t('tab.orphans')}
        query={query}
        columns={columns}
        rowId={(orphan) => orphan.upstream_id}
        openId={search.orphan}
        onOpen={(orphan) => change({ orphan: orphan.upstream_id })}
        empty={<EmptyState title={t('orphan.none')} />}
      />
      {search.orphan && (
        <OrphanDrawer
          key={search.orphan}
          id={search.orphan}
          listed={query.data?.data.find((orphan) => orphan.upstream_id === search.orphan)}
          onClose={() => change({ orphan: undefined })}
        />
      )}
    </>
  )
}

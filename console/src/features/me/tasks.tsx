import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { asApiError } from '~/api/errors'
import { useAddress } from '~/app/use-address'
import { Count } from '~/ui/amounts'
import { ClipPlayer } from '~/ui/clip-player'
import { CopyId } from '~/ui/copy-id'
import { Drawer } from '~/ui/drawer'
import { EmptyState } from '~/ui/empty-state'
import { ErrorPanel } from '~/ui/error-panel'
import { Facts } from '~/ui/facts'
import { ChoiceFilter } from '~/ui/filters'
import { RelativeTime } from '~/ui/relative-time'
import { Skeleton } from '~/ui/skeleton'
import { StatusBadge } from '~/ui/status-badge'
import { columnsOf } from '~/ui/table/columns'
import { Rows } from '~/ui/table/data-table'
import { PageNumber, usePageNumber } from './page-number'
import { type OwnTask, useOwnTask, useOwnTasks } from './queries'

const STATUSES = ['queued', 'running', 'succeeded', 'failed', 'expired', 'cancelled'] as const

const column = columnsOf<OwnTask>()

/** The tenant's own tasks. */
export function OwnTasks() {
  const { t } = useTranslation(['me', 'common'])
  const { search, change, filter } = useAddress<'status' | 'show'>()
  const status = STATUSES.find((each) => each === search.status)
  const tasks = useOwnTasks(usePageNumber(), status)
  const columns = useMemo(
    () => [
      // First, so that a phone shows it.
      column.accessor('status', {
        header: t('common:filter.status'),
        cell: (cell) => <StatusBadge status={cell.getValue()} />,
      }),
      column.accessor('id', { header: t('task.id'), cell: (cell) => <CopyId id={cell.getValue()} /> }),
      column.accessor('model', { header: t('task.model'), meta: { isExtra: true } }),
      column.accessor((task) => task.usage?.total_tokens, {
        id: 'tokens',
        header: t('task.tokens'),
        cell: ({ row }) => <Count value={row.original.usage?.total_tokens} />,
        meta: { isNumber: true },
      }),
      column.accessor('created_at', {
        header: t('task.created'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
      }),
    ],
    [t],
  )
  return (
    <>
      <search className="flex flex-wrap items-end gap-2">
        <ChoiceFilter
          label={t('common:filter.status')}
          value={search.status}
          options={STATUSES.map((value) => ({ value, label: t(`common:status.${value}`) }))}
          onChange={(value) => filter({ status: value })}
        />
      </search>
      {tasks.error && <ErrorPanel error={asApiError(tasks.error)} onRetry={() => void tasks.refetch()} />}
      {tasks.isPending && <Skeleton />}
      {tasks.data?.items.length === 0 && <EmptyState title={t('task.none')} hint={t('task.noneHint')} />}
      {tasks.data && tasks.data.items.length > 0 && (
        <Rows
          label={t('tab.tasks')}
          rows={tasks.data.items}
          columns={columns}
          rowId={(task) => task.id}
          openId={search.show}
          onOpen={(task) => change({ show: task.id })}
        />
      )}
      {tasks.data && <PageNumber total={tasks.data.total} />}
      {search.show && (
        <OwnTaskDrawer key={search.show} id={search.show} onClose={() => change({ show: undefined })} />
      )}
    </>
  )
}

function OwnTaskDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation(['me', 'common'])
  const task = useOwnTask(id)
  const { video_url, last_frame_url, expires_at } = task.data?.content ?? {}
  return (
    <Drawer title={t('task.title')} subtitle={<CopyId id={id} isWhole />} isWide onClose={onClose}>
      {task.error && <ErrorPanel error={asApiError(task.error)} onRetry={() => void task.refetch()} />}
      {task.isPending && <Skeleton />}
      {task.data && (
        <>
          <Facts
            items={[
              [t('common:filter.status'), <StatusBadge key="status" status={task.data.status} />],
              ...(task.data.error
                ? [[t('task.error'), `${task.data.error.code} ${task.data.error.message}`] as const]
                : []),
              [t('task.model'), task.data.model],
              [t('task.tokens'), <Count key="tokens" value={task.data.usage?.total_tokens} />],
              [t('task.created'), <RelativeTime key="created" at={task.data.created_at} />],
              [t('task.updated'), <RelativeTime key="updated" at={task.data.updated_at} />],
            ]}
          />
          {video_url && <ClipPlayer clip={video_url} lastFrame={last_frame_url} expiresAt={expires_at} />}
        </>
      )}
    </Drawer>
  )
}

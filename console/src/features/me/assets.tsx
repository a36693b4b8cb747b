import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { asApiError } from '~/api/errors'
import { CopyId } from '~/ui/copy-id'
import { EmptyState } from '~/ui/empty-state'
import { ErrorPanel } from '~/ui/error-panel'
import { RelativeTime } from '~/ui/relative-time'
import { Skeleton } from '~/ui/skeleton'
import { StatusBadge } from '~/ui/status-badge'
import { columnsOf } from '~/ui/table/columns'
import { Rows } from '~/ui/table/data-table'
import { PageNumber, usePageNumber } from './page-number'
import { type OwnAsset, useOwnAssets } from './queries'

const column = columnsOf<OwnAsset>()

/** The tenant's own assets; a link opens one, and the list fetches none. */
export function OwnAssets() {
  const { t } = useTranslation(['me', 'common'])
  const assets = useOwnAssets(usePageNumber())
  const columns = useMemo(
    () => [
      // First, so that a phone shows it.
      column.accessor('Status', {
        header: t('common:filter.status'),
        cell: (cell) => <StatusBadge status={cell.getValue()} />,
      }),
      column.accessor('Name', { header: t('asset.name'), cell: ({ row }) => row.original.Name || '–' }),
      column.accessor('Id', {
        header: t('asset.reference'),
        cell: (cell) => <CopyId id={`asset://${cell.getValue()}`} />,
      }),
      column.accessor('AssetType', {
        header: t('asset.type'),
        cell: ({ row }) =>
          t(`asset.kind.${row.original.AssetType as 'Image'}`, { defaultValue: row.original.AssetType }),
      }),
      column.accessor('CreateTime', {
        header: t('task.created'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
        meta: { isExtra: true },
      }),
    ],
    [t],
  )
  if (assets.error)
    return <ErrorPanel error={asApiError(assets.error)} onRetry={() => void assets.refetch()} />
  if (!assets.data) return <Skeleton />
  if (assets.data.Items.length === 0) return <EmptyState title={t('asset.none')} hint={t('asset.noneHint')} />
  return (
    <>
      <Rows label={t('tab.assets')} rows={assets.data.Items} columns={columns} rowId={(asset) => asset.Id} />
      <PageNumber total={assets.data.TotalCount} />
    </>
  )
}

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { TenantName } from '~/features/shared/tenant-name'
import { TenantPicker } from '~/features/shared/tenant-picker'
import { CopyId } from '~/ui/copy-id'
import { EmptyState } from '~/ui/empty-state'
import { RelativeTime } from '~/ui/relative-time'
import { columnsOf } from '~/ui/table/columns'
import { DataTable } from '~/ui/table/data-table'
import { useVerifications, type Verification } from './queries'

const column = columnsOf<Verification>()

/** The face verifications: who began one, when, and the group that it yielded. */
export function VerificationsTable() {
  const { t } = useTranslation('assets')
  const { search, filter } = useAddress<'tenant' | 'after'>()
  const query = useVerifications({ tenant: search.tenant, after: search.after })
  const columns = useMemo(
    () => [
      column.accessor('created_at', {
        header: t('created'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
      }),
      column.accessor('tenant_id', {
        header: t('tenant'),
        cell: (cell) => <TenantName id={cell.getValue()} />,
      }),
      column.accessor('project_name', { header: t('project'), meta: { isExtra: true } }),
      column.accessor('finished_at', {
        header: t('finished'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
      }),
      column.accessor('group_id', {
        header: t('group'),
        cell: ({ row }) => (row.original.group_id ? <CopyId id={row.original.group_id} /> : '–'),
      }),
    ],
    [t],
  )
  return (
    <>
      <search className="flex flex-wrap items-end gap-2">
        <TenantPicker label={t('tenant')} value={search.tenant} onChange={(tenant) => filter({ tenant })} />
      </search>
      <DataTable
        label={t('tab.verifications')}
        query={query}
        columns={columns}
        rowId={(row) => `${row.tenant_id} ${row.created_at}`}
        empty={<EmptyState title={t('noVerifications')} hint={t('noVerificationsHint')} />}
      />
    </>
  )
}

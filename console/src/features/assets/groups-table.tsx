import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { TenantName } from '~/features/shared/tenant-name'
import { TenantPicker } from '~/features/shared/tenant-picker'
import { CopyId } from '~/ui/copy-id'
import { EmptyState } from '~/ui/empty-state'
import { ChoiceFilter, TextFilter } from '~/ui/filters'
import { RelativeTime } from '~/ui/relative-time'
import { columnsOf } from '~/ui/table/columns'
import { DataTable } from '~/ui/table/data-table'
import { type Group, useGroups } from './queries'

const TYPES = ['AIGC', 'LivenessFace'] as const
const column = columnsOf<Group>()

/** The groups of assets; a row leads to the assets of the group. */
export function GroupsTable() {
  const { t } = useTranslation('assets')
  const { search, filter } = useAddress<'tab' | 'tenant' | 'group' | 'type' | 'q' | 'after'>()
  const query = useGroups({
    tenant: search.tenant,
    type: TYPES.find((each) => each === search.type),
    q: search.q,
    after: search.after,
  })
  const columns = useMemo(
    () => [
      column.accessor('name', { header: t('name') }),
      column.accessor('id', { header: t('group'), cell: (cell) => <CopyId id={cell.getValue()} /> }),
      column.accessor('tenant_id', {
        header: t('tenant'),
        cell: (cell) => <TenantName id={cell.getValue()} />,
      }),
      column.accessor('group_type', { header: t('groupType') }),
      column.accessor('project_name', { header: t('project'), meta: { isExtra: true } }),
      column.accessor('created_at', {
        header: t('created'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
        meta: { isExtra: true },
      }),
    ],
    [t],
  )
  return (
    <>
      <search className="flex flex-wrap items-end gap-2">
        <TextFilter label={t('name')} value={search.q} onChange={(q) => filter({ q })} isSearch />
        <TenantPicker label={t('tenant')} value={search.tenant} onChange={(tenant) => filter({ tenant })} />
        <ChoiceFilter
          label={t('groupType')}
          value={search.type}
          options={TYPES.map((value) => ({ value, label: value }))}
          onChange={(type) => filter({ type })}
        />
      </search>
      <DataTable
        label={t('tab.groups')}
        query={query}
        columns={columns}
        rowId={(group) => group.id}
        onOpen={(group) => filter({ tab: 'assets', group: group.id, type: undefined, q: undefined })}
        empty={<EmptyState title={t('noGroups')} hint={t('noneHint')} />}
      />
    </>
  )
}

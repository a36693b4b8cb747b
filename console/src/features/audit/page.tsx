import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { api, type Schemas, unwrap } from '~/api/client'
import { useList } from '~/api/list'
import { useAddress } from '~/app/use-address'
import { KeyPicker } from '~/features/shared/key-picker'
import { TenantName } from '~/features/shared/tenant-name'
import { TenantPicker } from '~/features/shared/tenant-picker'
import { CopyId } from '~/ui/copy-id'
import { EmptyState } from '~/ui/empty-state'
import { ChoiceFilter, DayFilter, startOfDay, TextFilter } from '~/ui/filters'
import { Page } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { columnsOf } from '~/ui/table/columns'
import { DataTable } from '~/ui/table/data-table'
import { useActions } from './actions'
import { AuditById } from './drawer'
import { ExportButton } from './export-button'

export type AuditEntry = Schemas['AuditView']
type FilterName = 'tenant' | 'key' | 'target' | 'action' | 'actor' | 'from' | 'to'

const column = columnsOf<AuditEntry>()

/** Who changed or looked at what, when and from where. */
export function AuditPage() {
  const { t } = useTranslation(['audit', 'common'])
  const actions = useActions()
  const { search, change, filter } = useAddress<FilterName | 'after' | 'show'>()
  const wanted = {
    tenant: search.tenant,
    key: search.key,
    target: search.target,
    action: search.action,
    actor: search.actor,
    from: startOfDay(search.from),
    to: startOfDay(search.to, 1),
  }
  const query = { ...wanted, after: search.after }
  const list = useList<AuditEntry>('audit', query, (signal) =>
    unwrap(api.GET('/admin/v1/audit', { params: { query }, signal })),
  )
  const columns = useMemo(
    () => [
      column.accessor('at', {
        header: t('column.at'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
      }),
      column.accessor('actor', { header: t('column.actor') }),
      column.accessor('action', {
        header: t('column.action'),
        cell: (cell) => (
          <span title={cell.getValue()}>{actions.get(cell.getValue()) ?? cell.getValue()}</span>
        ),
      }),
      column.accessor('target_id', {
        header: t('column.target'),
        cell: (cell) => <CopyId id={cell.getValue()} />,
      }),
      column.accessor('tenant_id', {
        header: t('column.tenant'),
        cell: ({ row }) => (row.original.tenant_id ? <TenantName id={row.original.tenant_id} /> : '–'),
        meta: { isExtra: true },
      }),
      column.accessor('address', {
        header: t('column.address'),
        cell: (cell) => cell.getValue() ?? '–',
        meta: { isExtra: true },
      }),
    ],
    [t, actions],
  )
  const shown = list.data?.data.find((row) => row.id === search.show)

  return (
    <Page
      title={t('title')}
      filters={<Filters search={search} filter={filter} />}
      actions={<ExportButton wanted={wanted} />}
    >
      <DataTable
        label={t('title')}
        query={list}
        columns={columns}
        rowId={(row) => row.id}
        openId={search.show}
        onOpen={(row) => change({ show: row.id })}
        empty={<EmptyState title={t('empty.title')} hint={t('empty.hint')} />}
      />
      {search.show && (
        <AuditById
          key={search.show}
          id={search.show}
          listed={shown}
          onClose={() => change({ show: undefined })}
        />
      )}
    </Page>
  )
}

function Filters({
  search,
  filter,
}: {
  search: { readonly [Name in FilterName]?: string }
  filter: (values: { [Name in FilterName]?: string }) => void
}) {
  const { t } = useTranslation(['audit', 'common'])
  const actions = useActions()
  return (
    <>
      <TextFilter
        label={t('column.target')}
        value={search.target}
        onChange={(target) => filter({ target })}
        isSearch
      />
      <ChoiceFilter
        label={t('column.action')}
        value={search.action}
        options={[...actions].map(([value, label]) => ({ value, label }))}
        onChange={(action) => filter({ action })}
      />
      <TextFilter label={t('column.actor')} value={search.actor} onChange={(actor) => filter({ actor })} />
      <TenantPicker
        label={t('column.tenant')}
        value={search.tenant}
        onChange={(tenant) => filter({ tenant })}
      />
      <KeyPicker
        label={t('common:filter.key')}
        value={search.key}
        tenant={search.tenant}
        placeholder={t('common:filter.keyPlaceholder')}
        onChange={(key) => filter({ key })}
      />
      <DayFilter label={t('common:filter.from')} value={search.from} onChange={(from) => filter({ from })} />
      <DayFilter label={t('common:filter.to')} value={search.to} onChange={(to) => filter({ to })} />
    </>
  )
}

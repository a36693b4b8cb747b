import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { LIMITS } from '~/features/shared/rights'
import { useMay } from '~/session/session'
import { Count } from '~/ui/amounts'
import { Button } from '~/ui/button'
import { CopyId } from '~/ui/copy-id'
import { EmptyState } from '~/ui/empty-state'
import { ChoiceFilter, TextFilter } from '~/ui/filters'
import { Page } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { StatusBadge } from '~/ui/status-badge'
import { columnsOf } from '~/ui/table/columns'
import { DataTable } from '~/ui/table/data-table'
import { NewTenantDrawer } from './new-tenant'
import { type Tenant, useTenants } from './queries'
import { TenantDrawer } from './tenant-drawer'

const NEW = 'new'
const STATUSES = ['active', 'suspended'] as const
const column = columnsOf<Tenant>()

export function TenantsPage() {
  const { t } = useTranslation(['tenants', 'common'])
  const { search, change, filter } = useAddress<'q' | 'status' | 'after' | 'show'>()
  const { operate } = useMay()
  const { q, status, after, show } = search
  const query = useTenants({ q, status, after })
  const columns = useColumns()
  const create = operate && (
    <Button variant="primary" onClick={() => change({ show: NEW })}>
      {t('new.title')}
    </Button>
  )
  return (
    <Page
      title={t('title')}
      actions={create}
      filters={
        <>
          <TextFilter
            label={t('filter.name')}
            value={q}
            isSearch
            onChange={(value) => filter({ q: value })}
            placeholder={t('filter.namePlaceholder')}
          />
          <ChoiceFilter
            label={t('common:filter.status')}
            value={status}
            onChange={(value) => filter({ status: value })}
            options={STATUSES.map((value) => ({ value, label: t(`common:status.${value}`) }))}
          />
        </>
      }
    >
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowId={(tenant) => tenant.id}
        onOpen={(tenant) => change({ show: tenant.id })}
        openId={show}
        empty={
          q || status ? (
            <EmptyState title={t('empty.filtered')} hint={t('empty.filteredHint')} />
          ) : (
            <EmptyState title={t('empty.title')} hint={t('empty.hint')} action={create || undefined} />
          )
        }
      />
      {operate && show === NEW && (
        <NewTenantDrawer
          onCreated={(tenant) => change({ show: tenant.id })}
          onClose={() => change({ show: undefined })}
        />
      )}
      {show && show !== NEW && (
        <TenantDrawer key={show} id={show} onClose={() => change({ show: undefined })} />
      )}
    </Page>
  )
}

function useColumns() {
  const { t } = useTranslation(['tenants', 'keys', 'common'])
  return useMemo(
    () => [
      column.accessor('name', {
        header: t('column.name'),
        cell: ({ getValue }) => <span className="font-medium">{getValue()}</span>,
      }),
      column.accessor('status', {
        header: t('common:filter.status'),
        cell: ({ getValue }) => <StatusBadge status={getValue()} />,
      }),
      column.accessor((tenant) => tenant.counts?.working_keys, {
        id: 'keys',
        header: t('column.keys'),
        meta: { isNumber: true },
        cell: ({ getValue }) => <Count value={getValue()} />,
      }),
      column.accessor((tenant) => tenant.counts?.unfinished_tasks, {
        id: 'unfinished',
        header: t('column.unfinished'),
        meta: { isNumber: true },
        cell: ({ getValue }) => <Count value={getValue()} />,
      }),
      column.display({
        id: 'limits',
        header: t('column.limits'),
        meta: { isExtra: true },
        cell: ({ row }) =>
          LIMITS.filter((name) => row.original.limits[name] != null)
            .map((name) => `${t(`keys:rights.${name}`)} ${row.original.limits[name]}`)
            .join(' · ') || <span className="text-muted">{t('common:state.none')}</span>,
      }),
      column.accessor('id', {
        header: 'ID',
        meta: { isExtra: true },
        cell: ({ getValue }) => <CopyId id={getValue()} />,
      }),
      column.accessor('created_at', {
        header: t('column.created'),
        meta: { isExtra: true },
        cell: ({ getValue }) => <RelativeTime at={getValue()} />,
      }),
    ],
    [t],
  )
}

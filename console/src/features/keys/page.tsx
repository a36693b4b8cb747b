import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { KEY_STATUSES, type Key, useKeys } from '~/features/shared/keys'
import { TenantName } from '~/features/shared/tenant-name'
import { TenantPicker } from '~/features/shared/tenant-picker'
import { EmptyState } from '~/ui/empty-state'
import { ChoiceFilter, TextFilter } from '~/ui/filters'
import { Page } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { StatusBadge } from '~/ui/status-badge'
import { columnsOf } from '~/ui/table/columns'
import { DataTable } from '~/ui/table/data-table'
import { KeyDrawer } from './key-drawer'

const column = columnsOf<Key>()

export function KeysPage() {
  const { t } = useTranslation(['keys', 'common'])
  const { search, change, filter } = useAddress<'q' | 'tenant' | 'status' | 'after' | 'show'>()
  const { q, tenant, status, after, show } = search
  const query = useKeys({ q, tenant, status, after })
  const columns = useColumns()
  return (
    <Page
      title={t('title')}
      filters={
        <>
          <TextFilter
            label={t('filter.name')}
            value={q}
            isSearch
            onChange={(value) => filter({ q: value })}
            placeholder={t('filter.namePlaceholder')}
          />
          <TenantPicker
            label={t('column.tenant')}
            value={tenant}
            onChange={(value) => filter({ tenant: value })}
          />
          <ChoiceFilter
            label={t('common:filter.status')}
            value={status}
            onChange={(value) => filter({ status: value })}
            options={KEY_STATUSES.map((value) => ({ value, label: t(`common:status.${value}`) }))}
          />
        </>
      }
    >
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowId={(key) => key.id}
        onOpen={(key) => change({ show: key.id })}
        openId={show}
        empty={
          q || tenant || status ? (
            <EmptyState title={t('empty.filtered')} hint={t('empty.filteredHint')} />
          ) : (
            <EmptyState title={t('empty.title')} hint={t('empty.hint')} />
          )
        }
      />
      {show && (
        <KeyDrawer
          key={show}
          id={show}
          onClose={() => change({ show: undefined })}
          onShow={(id) => change({ show: id })}
        />
      )}
    </Page>
  )
}

function useColumns() {
  const { t } = useTranslation(['keys', 'common'])
  return useMemo(
    () => [
      column.accessor('name', {
        header: t('column.name'),
        cell: ({ getValue }) => <span className="font-medium">{getValue()}</span>,
      }),
      column.accessor('public_part', {
        header: t('column.key'),
        meta: { isExtra: true },
        cell: ({ getValue }) => <code className="text-xs">sg-{getValue()}-…</code>,
      }),
      column.accessor('tenant_id', {
        header: t('column.tenant'),
        cell: ({ getValue }) => <TenantName id={getValue()} />,
      }),
      column.accessor('status', {
        header: t('common:filter.status'),
        cell: ({ getValue }) => <StatusBadge status={getValue()} />,
      }),
      column.accessor('last_used_at', {
        header: t('column.lastUsed'),
        cell: ({ getValue }) =>
          getValue() ? (
            <RelativeTime at={getValue()} />
          ) : (
            <span className="text-muted">{t('neverUsed')}</span>
          ),
      }),
      column.accessor((key) => earlierEnd(key), {
        id: 'ends',
        header: t('column.ends'),
        meta: { isExtra: true },
        cell: ({ getValue }) =>
          getValue() ? (
            <RelativeTime at={getValue()} />
          ) : (
            <span className="text-muted">{t('common:state.never')}</span>
          ),
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

/** Returns when a key stops to work: when it expires, or when its grace ends. */
function earlierEnd({ expires_at, grace_ends_at }: Key): string | null {
  if (expires_at && grace_ends_at) return expires_at < grace_ends_at ? expires_at : grace_ends_at
  return expires_at ?? grace_ends_at
}

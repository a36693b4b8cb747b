import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { KeyPicker } from '~/features/shared/key-picker'
import { TenantName } from '~/features/shared/tenant-name'
import { TenantPicker } from '~/features/shared/tenant-picker'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { CopyId } from '~/ui/copy-id'
import { EmptyState } from '~/ui/empty-state'
import { ChoiceFilter, DayFilter, startOfDay, TextFilter } from '~/ui/filters'
import { Page } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { StatusBadge } from '~/ui/status-badge'
import { columnsOf } from '~/ui/table/columns'
import { DataTable } from '~/ui/table/data-table'
import { useAct } from '~/ui/use-act'
import { DeliveryById } from './drawer'
import { FailingEndpoints } from './failing-endpoints'
import { type Delivery, type Resend, resend, useDeliveries } from './queries'
import { resultOf, stateOf } from './state'

const STATUSES = ['pending', 'delivered', 'failed'] as const
const NONE: ReadonlySet<string> = new Set()

type Status = (typeof STATUSES)[number]
type FilterName = 'tenant' | 'key' | 'task' | 'status' | 'endpoint' | 'from' | 'to'

const column = columnsOf<Delivery>()

/** The endpoints that fail, then all callbacks, newest first; several are resent together. */
export function DeliveriesPage() {
  const { t } = useTranslation(['deliveries', 'common'])
  const { search, change, filter } = useAddress<FilterName | 'after' | 'show'>()
  const [chosen, setChosen] = useState(NONE)
  const { operate } = useMay()
  const query = useDeliveries({
    tenant: search.tenant,
    key: search.key,
    task: search.task,
    status: search.status as Status | undefined,
    endpoint: search.endpoint,
    from: startOfDay(search.from),
    to: startOfDay(search.to, 1),
    after: search.after,
  })
  const columns = useColumns(chosen, setChosen, operate)
  const rows = query.data?.data ?? []
  const shown = rows.find((row) => row.id === search.show)

  return (
    <Page
      title={t('title')}
      lead={<FailingEndpoints />}
      filters={<Filters search={search} filter={filter} />}
      actions={
        operate && (
          <Resends
            ids={rows.filter((row) => chosen.has(row.id)).map((row) => row.id)}
            endpoint={search.endpoint}
            tenant={search.tenant}
            onDone={() => setChosen(NONE)}
          />
        )
      }
    >
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowId={(row) => row.id}
        openId={search.show}
        onOpen={(row) => change({ show: row.id })}
        empty={<EmptyState title={t('empty.title')} hint={t('empty.hint')} />}
      />
      {search.show && (
        <DeliveryById
          key={search.show}
          id={search.show}
          listed={shown}
          onClose={() => change({ show: undefined })}
        />
      )}
    </Page>
  )
}

function useColumns(
  chosen: ReadonlySet<string>,
  setChosen: (chosen: ReadonlySet<string>) => void,
  operate: boolean,
) {
  const { t } = useTranslation(['deliveries', 'common'])
  return useMemo(() => {
    const toggle = (id: string) => {
      const changed = new Set(chosen)
      if (!changed.delete(id)) changed.add(id)
      setChosen(changed)
    }
    const choice = column.display({
      id: 'choice',
      header: () => <span className="sr-only">{t('column.choice')}</span>,
      cell: ({ row }) => (
        <input
          type="checkbox"
          aria-label={t('choose', { id: row.original.id })}
          checked={chosen.has(row.original.id)}
          onChange={() => toggle(row.original.id)}
          className="size-4 accent-accent"
        />
      ),
    })
    return [
      ...(operate ? [choice] : []),
      column.accessor('status', {
        header: t('common:filter.status'),
        cell: ({ row }) => <StatusBadge status={stateOf(row.original)} />,
      }),
      column.accessor('origin', { header: t('column.endpoint') }),
      column.accessor('tenant_id', {
        header: t('column.tenant'),
        cell: (cell) => <TenantName id={cell.getValue()} />,
      }),
      column.accessor('task_id', {
        header: t('column.task'),
        cell: ({ row }) => (row.original.task_id ? <CopyId id={row.original.task_id} /> : '–'),
        meta: { isExtra: true },
      }),
      column.accessor('attempts', { header: t('column.attempts'), meta: { isNumber: true } }),
      column.accessor('last_error', {
        header: t('column.result'),
        cell: ({ row }) => <span className="break-words">{resultOf(row.original)}</span>,
        meta: { isExtra: true },
      }),
      column.accessor('created_at', {
        header: t('column.created'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
      }),
    ]
  }, [t, chosen, setChosen, operate])
}

function Filters({
  search,
  filter,
}: {
  search: { readonly [Name in FilterName]?: string }
  filter: (values: { [Name in FilterName]?: string }) => void
}) {
  const { t } = useTranslation(['deliveries', 'common'])
  return (
    <>
      <TextFilter
        label={t('column.endpoint')}
        value={search.endpoint}
        placeholder="https://hooks.example"
        onChange={(endpoint) => filter({ endpoint })}
        isSearch
      />
      <ChoiceFilter
        label={t('common:filter.status')}
        value={search.status}
        options={STATUSES.map((value) => ({ value, label: t(`common:status.${value}`) }))}
        onChange={(status) => filter({ status })}
      />
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
      <TextFilter label={t('column.task')} value={search.task} onChange={(task) => filter({ task })} />
      <DayFilter label={t('common:filter.from')} value={search.from} onChange={(from) => filter({ from })} />
      <DayFilter label={t('common:filter.to')} value={search.to} onChange={(to) => filter({ to })} />
    </>
  )
}

function Resends({
  ids,
  endpoint,
  tenant,
  onDone,
}: {
  ids: string[]
  endpoint: string | undefined
  tenant: string | undefined
  onDone: () => void
}) {
  const { t } = useTranslation(['deliveries', 'common'])
  const act = useAct((what: Resend) => resend(what), ['deliveries', 'summary'], t('resend.done'))
  return (
    <>
      {endpoint && (
        <Button isBusy={act.isPending} onClick={() => act.mutate({ endpoint, tenant })}>
          {t('resend.endpoint')}
        </Button>
      )}
      <Button
        disabled={ids.length === 0}
        isBusy={act.isPending}
        onClick={() => act.mutate({ ids }, { onSuccess: onDone })}
      >
        {t('resend.chosen', { count: ids.length })}
      </Button>
    </>
  )
}

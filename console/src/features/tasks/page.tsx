import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { KeyPicker } from '~/features/shared/key-picker'
import { useNames } from '~/features/shared/rights'
import { TenantName } from '~/features/shared/tenant-name'
import { TenantPicker } from '~/features/shared/tenant-picker'
import { Count } from '~/ui/amounts'
import { CopyId } from '~/ui/copy-id'
import { EmptyState } from '~/ui/empty-state'
import { ChoiceFilter, DayFilter, startOfDay, TextFilter } from '~/ui/filters'
import { Page } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { StatusBadge } from '~/ui/status-badge'
import { columnsOf } from '~/ui/table/columns'
import { DataTable } from '~/ui/table/data-table'
import { Tabs } from '~/ui/tabs'
import { TaskDrawer } from './drawer'
import { OrphansTable } from './orphans-table'
import { type Task, useTasks } from './queries'

const STATUSES = [
  'submitting',
  'unknown',
  'queued',
  'running',
  'succeeded',
  'failed',
  'expired',
  'cancelled',
] as const

type Status = (typeof STATUSES)[number]

const TABS = ['tasks', 'orphans'] as const
const CLOSED = { show: undefined, orphan: undefined, upstream: undefined, after: undefined }

const column = columnsOf<Task>()

/** The tasks of all tenants, and the upstream's tasks that none of them owns. */
export function TasksPage() {
  const { t } = useTranslation('tasks')
  const { search, change } = useAddress<'tab' | 'show' | 'upstream'>()
  const tab = TABS.find((name) => name === search.tab) ?? TABS[0]
  return (
    <Page title={t('title')}>
      <Tabs
        label={t('title')}
        tabs={TABS.map((name) => ({ name, label: t(`tab.${name}`) }))}
        current={tab}
        onChange={(name) => change({ tab: name === TABS[0] ? undefined : name, ...CLOSED })}
      >
        {tab === 'tasks' ? <TasksTable /> : <OrphansTable />}
      </Tabs>
      {search.show && (
        <TaskDrawer
          key={search.show}
          id={search.show}
          upstreamId={search.upstream}
          onClose={() => change({ show: undefined, upstream: undefined })}
        />
      )}
    </Page>
  )
}

/** The tasks of all tenants, newest first. */
function TasksTable() {
  const { t } = useTranslation(['tasks', 'common'])
  const { search, change, filter } = useAddress<
    'id' | 'tenant' | 'key' | 'model' | 'status' | 'channel' | 'from' | 'to' | 'after' | 'show'
  >()
  const query = useTasks({
    id: search.id,
    tenant: search.tenant,
    key: search.key,
    model: search.model,
    status: search.status as Status | undefined,
    channel: search.channel,
    from: startOfDay(search.from),
    to: startOfDay(search.to, 1),
    after: search.after,
  })
  const columns = useMemo(
    () => [
      // First, so that a phone shows it.
      column.accessor('status', {
        header: t('common:filter.status'),
        cell: (cell) => <StatusBadge status={cell.getValue()} />,
      }),
      column.accessor('id', { header: t('column.id'), cell: (cell) => <CopyId id={cell.getValue()} /> }),
      column.accessor('tenant_id', {
        header: t('column.tenant'),
        cell: (cell) => <TenantName id={cell.getValue()} />,
      }),
      column.accessor('model', { header: t('column.model'), meta: { isExtra: true } }),
      column.accessor('channel_name', {
        header: t('column.channel'),
        cell: (cell) => cell.getValue() ?? '–',
        meta: { isExtra: true },
      }),
      column.accessor('total_tokens', {
        header: t('column.tokens'),
        cell: (cell) => <Count value={cell.getValue()} />,
        meta: { isNumber: true },
      }),
      column.accessor('created_at', {
        header: t('column.created'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
      }),
    ],
    [t],
  )

  return (
    <>
      <search className="flex flex-wrap items-end gap-2">
        <Filters search={search} filter={filter} />
      </search>
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowId={(task) => task.id}
        openId={search.show}
        onOpen={(task) => change({ show: task.id })}
        empty={<EmptyState title={t('empty.title')} hint={t('empty.hint')} />}
      />
    </>
  )
}

type Filter = Partial<
  Record<'id' | 'tenant' | 'key' | 'model' | 'status' | 'channel' | 'from' | 'to', string>
>

function Filters({ search, filter }: { search: Filter; filter: (values: Filter) => void }) {
  const { t } = useTranslation(['tasks', 'common'])
  const { models, channels } = useNames()
  return (
    <>
      <TextFilter
        label={t('filter.id')}
        value={search.id}
        placeholder={t('filter.idPlaceholder')}
        onChange={(id) => filter({ id })}
        isSearch
      />
      <TenantPicker
        label={t('column.tenant')}
        value={search.tenant}
        onChange={(tenant) => filter({ tenant })}
      />
      <KeyPicker
        label={t('column.key')}
        value={search.key}
        tenant={search.tenant}
        placeholder={t('common:filter.keyPlaceholder')}
        onChange={(key) => filter({ key })}
      />
      <ChoiceFilter
        label={t('common:filter.status')}
        value={search.status}
        options={STATUSES.map((value) => ({ value, label: t(`common:status.${value}`) }))}
        onChange={(status) => filter({ status })}
      />
      <ChoiceFilter
        label={t('column.model')}
        value={search.model}
        options={models.map((value) => ({ value, label: value }))}
        onChange={(model) => filter({ model })}
      />
      <ChoiceFilter
        label={t('column.channel')}
        value={search.channel}
        options={channels.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(channel) => filter({ channel })}
      />
      <DayFilter label={t('common:filter.from')} value={search.from} onChange={(from) => filter({ from })} />
      <DayFilter label={t('common:filter.to')} value={search.to} onChange={(to) => filter({ to })} />
    </>
  )
}

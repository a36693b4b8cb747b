import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { CopyId } from '~/ui/copy-id'
import { EmptyState } from '~/ui/empty-state'
import { ChoiceFilter, TextFilter } from '~/ui/filters'
import { Page } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { columnsOf } from '~/ui/table/columns'
import { DataTable } from '~/ui/table/data-table'
import { ChannelDrawer, NewChannelDrawer } from './drawer'
import { ChannelState, errorsOf, usedShare } from './health'
import { type Channel, useChannels } from './queries'

const NEW = 'new'
const STATUSES = ['active', 'suspended'] as const

type Status = (typeof STATUSES)[number]

const column = columnsOf<Channel>()

/** The upstream accounts: which take creates, and what the upstream has refused lately. */
export function ChannelsPage() {
  const { t } = useTranslation(['channels', 'common'])
  const { search, change, filter } = useAddress<'q' | 'status' | 'after' | 'show'>()
  const { operate } = useMay()
  const { q, after } = search
  const status = search.status as Status | undefined
  const query = useChannels({ q, status, after })
  const columns = useColumns()
  const create = operate && (
    <Button variant="primary" onClick={() => change({ show: NEW })}>
      {t('new.title')}
    </Button>
  )
  const close = () => change({ show: undefined })
  return (
    <Page
      title={t('title')}
      actions={create}
      filters={
        <>
          <TextFilter
            label={t('form.name')}
            value={q}
            placeholder={t('filter.namePlaceholder')}
            onChange={(value) => filter({ q: value })}
            isSearch
          />
          <ChoiceFilter
            label={t('common:filter.status')}
            value={status}
            options={STATUSES.map((value) => ({ value, label: t(`common:status.${value}`) }))}
            onChange={(value) => filter({ status: value })}
          />
        </>
      }
    >
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowId={(row) => row.id}
        openId={search.show}
        onOpen={(row) => change({ show: row.id })}
        empty={
          q || status ? (
            <EmptyState title={t('empty.filtered')} hint={t('empty.filteredHint')} />
          ) : (
            <EmptyState title={t('empty.title')} hint={t('empty.hint')} action={create} />
          )
        }
      />
      {operate && search.show === NEW && (
        <NewChannelDrawer onCreated={(id) => change({ show: id })} onClose={close} />
      )}
      {search.show && search.show !== NEW && (
        <ChannelDrawer key={search.show} id={search.show} onClose={close} />
      )}
    </Page>
  )
}

function useColumns() {
  const { t } = useTranslation(['channels', 'common'])
  return useMemo(
    () => [
      column.accessor('name', { header: t('form.name') }),
      column.accessor('status', {
        header: t('common:filter.status'),
        cell: ({ row }) => <ChannelState channel={row.original} />,
      }),
      column.accessor('region', { header: t('form.region'), meta: { isExtra: true } }),
      column.accessor('priority', { header: t('form.priority'), meta: { isNumber: true, isExtra: true } }),
      column.accessor('weight', { header: t('form.weight'), meta: { isNumber: true, isExtra: true } }),
      column.accessor((channel) => usedShare(channel.health), {
        id: 'rate',
        header: t('column.rate'),
        cell: (cell) => `${cell.getValue()} %`,
        meta: { isNumber: true, isExtra: true },
      }),
      column.accessor((channel) => errorsOf(channel.health), {
        id: 'errors',
        header: t('column.errors'),
        meta: { isNumber: true },
      }),
      column.accessor('health', {
        header: t('column.lastError'),
        cell: (cell) => {
          const [newest] = [...cell.getValue().faults].sort((one, other) =>
            other.last_at.localeCompare(one.last_at),
          )
          if (!newest) return '–'
          return (
            <span>
              {newest.code} · <RelativeTime at={newest.last_at} />
            </span>
          )
        },
      }),
      column.accessor('id', {
        header: t('column.id'),
        cell: (cell) => <CopyId id={cell.getValue()} />,
        meta: { isExtra: true },
      }),
    ],
    [t],
  )
}

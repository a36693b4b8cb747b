import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { asApiError } from '~/api/errors'
import { useMay } from '~/session/session'
import { Money } from '~/ui/amounts'
import { Button } from '~/ui/button'
import { Drawer } from '~/ui/drawer'
import { EmptyState } from '~/ui/empty-state'
import { ErrorPanel } from '~/ui/error-panel'
import { RelativeTime } from '~/ui/relative-time'
import { NoRow } from '~/ui/row-drawer'
import { Skeleton } from '~/ui/skeleton'
import { columnsOf } from '~/ui/table/columns'
import { Rows } from '~/ui/table/data-table'
import { PriceForm } from './price-form'
import { PRICED_BY, type Price, usePrices } from './queries'

const NEW = 'new'
const column = columnsOf<Price>()

function idOf(price: Price): string {
  return [...PRICED_BY.map((name) => price[name] ?? 'any'), price.valid_from].join(' ')
}

/** What a million tokens cost. A row opens the form that changes it for creates from then on. */
export function PricesTable({
  shown,
  show,
}: {
  shown: string | undefined
  show: (id: string | undefined) => void
}) {
  const { t } = useTranslation(['models', 'common'])
  const { bill } = useMay()
  const prices = usePrices(true)
  const columns = useColumns()
  const close = () => show(undefined)
  if (prices.error)
    return <ErrorPanel error={asApiError(prices.error)} onRetry={() => void prices.refetch()} />
  if (!prices.data) return <Skeleton />
  const found = prices.data.find((price) => idOf(price) === shown)
  return (
    <>
      {bill && (
        <Button variant="primary" className="self-end" onClick={() => show(NEW)}>
          {t('price.new')}
        </Button>
      )}
      {prices.data.length === 0 ? (
        <EmptyState title={t('price.none')} hint={t('price.noneHint')} />
      ) : (
        <Rows
          label={t('tab.prices')}
          rows={prices.data}
          columns={columns}
          rowId={idOf}
          openId={shown}
          onOpen={bill ? (price) => show(idOf(price)) : undefined}
        />
      )}
      {shown && shown !== NEW && !found && (
        <Drawer title={t('price.change')} onClose={close}>
          <NoRow />
        </Drawer>
      )}
      {bill && (shown === NEW || found) && (
        <Drawer
          key={shown}
          title={found ? t('price.change') : t('price.new')}
          subtitle={found?.upstream_model}
          onClose={close}
        >
          <PriceForm price={found} onEnd={close} />
        </Drawer>
      )}
    </>
  )
}

function useColumns() {
  const { t } = useTranslation(['models', 'common'])
  return useMemo(() => {
    const either = (value: boolean | null | undefined) =>
      value == null ? t('price.any') : t(value ? 'common:state.yes' : 'common:state.no')
    return [
      column.accessor('upstream_model', { header: t('model.upstreamId') }),
      column.accessor('resolution', {
        header: t('price.resolution'),
        cell: (cell) => cell.getValue() ?? t('price.any'),
      }),
      column.accessor('has_video_input', {
        header: t('price.videoInput'),
        cell: (cell) => either(cell.getValue()),
        meta: { isExtra: true },
      }),
      column.accessor('service_tier', {
        header: t('price.tier'),
        cell: (cell) => cell.getValue() ?? t('price.any'),
        meta: { isExtra: true },
      }),
      column.accessor('has_audio', {
        header: t('price.audio'),
        cell: (cell) => either(cell.getValue()),
        meta: { isExtra: true },
      }),
      column.accessor('micros_per_million_tokens', {
        header: t('price.amount'),
        cell: ({ row }) => (
          <Money micros={row.original.micros_per_million_tokens} currency={row.original.currency} />
        ),
        meta: { isNumber: true },
      }),
      column.accessor('valid_from', {
        header: t('price.validFrom'),
        cell: (cell) => <RelativeTime at={cell.getValue()} />,
        meta: { isExtra: true },
      }),
    ]
  }, [t])
}

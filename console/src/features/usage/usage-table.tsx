import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Count, Money } from '~/ui/amounts'
import { columnsOf } from '~/ui/table/columns'
import { Rows } from '~/ui/table/data-table'
import type { Dimension } from './queries'
import type { Sum } from './sums'

const column = columnsOf<Sum>()

/** The sums in numbers, one row for each group and currency. */
export function UsageTable({
  by,
  sums,
  onNarrow,
}: {
  by: Dimension
  sums: readonly Sum[]
  /** Shows one group alone, day by day. */
  onNarrow: (id: string) => void
}) {
  const { t } = useTranslation('usage')
  const columns = useMemo(
    () => [
      column.accessor('id', {
        header: t(`by.${by}`),
        cell: ({ row }) => {
          const { id, name } = row.original
          return (
            <span title={id ?? undefined} className={by === 'day' ? 'tabular-nums' : undefined}>
              {name ?? id ?? t('noName')}
            </span>
          )
        },
      }),
      column.accessor('tasks', {
        header: t('measure.tasks'),
        meta: { isNumber: true },
        cell: ({ getValue }) => <Count value={getValue()} />,
      }),
      column.accessor('total_tokens', {
        header: t('measure.tokens'),
        meta: { isNumber: true },
        cell: ({ getValue }) => <Count value={getValue()} />,
      }),
      column.accessor('cost_micros', {
        header: t('cost'),
        meta: { isNumber: true },
        cell: ({ row }) => <Money micros={row.original.cost_micros} currency={row.original.currency} />,
      }),
      column.accessor('unpriced_tasks', {
        header: t('unpriced'),
        meta: { isNumber: true, isExtra: true },
        cell: ({ getValue }) => <Count value={getValue()} />,
      }),
      column.accessor('estimated_tasks', {
        header: t('estimated'),
        meta: { isNumber: true, isExtra: true },
        cell: ({ getValue }) => <Count value={getValue()} />,
      }),
    ],
    [t, by],
  )
  const rows =
    by === 'day' ? [...sums].sort((one, other) => ((one.id ?? '') < (other.id ?? '') ? 1 : -1)) : sums
  return (
    <Rows
      label={t('table', { by: t(`by.${by}`) })}
      rows={rows}
      columns={columns}
      rowId={(sum) => `${sum.id} ${sum.currency}`}
      onOpen={by === 'day' ? undefined : ({ id }) => id && onNarrow(id)}
    />
  )
}

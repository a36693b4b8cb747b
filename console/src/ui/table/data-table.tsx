import { type ColumnDef, useTable } from '@tanstack/react-table'
import type { ReactNode } from 'react'
import type { ListQuery } from '~/api/list'
import { cx } from '../cx'
import { ErrorPanel } from '../error-panel'
import { Skeleton } from '../skeleton'
import { type ColumnMeta, type Features, features } from './columns'
import { Pager } from './pager'

// biome-ignore lint/suspicious/noExplicitAny: a column says of which type its cells are
export type Columns<Row extends object> = ColumnDef<Features, Row, any>[]

const NO_ROWS: never[] = []

/**
 * A list of the API: its rows, and the state it is in (on its way, empty, refused).
 *
 * @param label names the table for who does not see it.
 * @param columns keep them between renders, by `useMemo`.
 * @param onOpen opens the details of a row; a click anywhere in the row does, and Enter when it has the focus.
 * @param empty what is shown when there are no rows.
 */
export function DataTable<Row extends object>({
  label,
  query,
  columns,
  rowId,
  onOpen,
  openId,
  empty,
}: {
  label: string
  query: ListQuery<Row>
  columns: Columns<Row>
  rowId: (row: Row) => string
  onOpen?: (row: Row) => void
  openId?: string
  empty: ReactNode
}) {
  const page = query.data
  if (query.error && !page) return <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
  if (!page) return <Skeleton />
  return (
    <div className="relative flex flex-col gap-3" aria-busy={query.isFetching}>
      {/* Rows that are to be replaced are not dimmed: while the gateway is away, they stay and are read. */}
      {query.isPlaceholderData && (
        <div className="absolute inset-x-0 top-0 h-0.5 bg-accent motion-safe:animate-pulse" />
      )}
      {query.error && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {page.data.length === 0 ? (
        empty
      ) : (
        <Rows
          label={label}
          rows={page.data}
          columns={columns}
          rowId={rowId}
          onOpen={onOpen}
          openId={openId}
        />
      )}
      <Pager page={page} />
    </div>
  )
}

/** A table of rows that are already there. */
export function Rows<Row extends object>({
  label,
  rows,
  columns,
  rowId,
  onOpen,
  openId,
}: {
  label: string
  rows: readonly Row[]
  columns: Columns<Row>
  rowId: (row: Row) => string
  onOpen?: (row: Row) => void
  openId?: string
}) {
  const table = useTable({ features, columns, data: rows.length > 0 ? rows : NO_ROWS, getRowId: rowId })
  return (
    <div className="overflow-x-auto rounded-md border border-line bg-surface">
      <table aria-label={label} className="w-full border-collapse text-left">
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} className="border-line border-b text-muted text-xs">
              {group.headers.map((header) => (
                <th
                  key={header.id}
                  scope="col"
                  className={cellClass('whitespace-nowrap py-1.5 font-medium', header.column.columnDef.meta)}
                >
                  {header.isPlaceholder ? null : <table.FlexRender header={header} />}
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr
              key={row.id}
              data-row={row.id}
              data-open={row.id === openId || undefined}
              tabIndex={onOpen ? 0 : undefined}
              onClick={onOpen && ((event) => isPlainClick(event.target) && onOpen(row.original))}
              onKeyDown={
                onOpen &&
                ((event) => {
                  if (event.key !== 'Enter' || event.target !== event.currentTarget) return
                  // Else the same key would submit a form that takes the focus when it opens.
                  event.preventDefault()
                  onOpen(row.original)
                })
              }
              className={cx(
                'border-line border-b last:border-0 data-open:bg-accent-soft',
                onOpen && 'cursor-pointer -outline-offset-2 hover:bg-raised',
              )}
            >
              {row.getAllCells().map((cell) => (
                <td key={cell.id} className={cellClass('py-1.5', cell.column.columnDef.meta)}>
                  <table.FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function cellClass(base: string, meta: ColumnMeta | undefined): string {
  return cx(base, 'px-3', meta?.isNumber && 'text-right tabular-nums', meta?.isExtra && 'max-md:hidden')
}

/** Says whether a click was for the row: not for a link or a button in it, and not the end of a selection of text. */
function isPlainClick(target: EventTarget): boolean {
  if (target instanceof Element && target.closest('a,button,input,select,label')) return false
  return window.getSelection()?.isCollapsed ?? true
}

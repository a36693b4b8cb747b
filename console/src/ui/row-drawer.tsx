import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { OneQuery } from '~/api/one'
import { CopyId } from './copy-id'
import { Drawer } from './drawer'
import { ErrorPanel } from './error-panel'
import { Skeleton } from './skeleton'

/** The drawer of a row that is read by its id: `children` as soon as it is there, else why it is not. */
export function RowDrawer<Row>({
  title,
  id,
  query,
  onClose,
  children,
}: {
  title: string
  id: string
  query: OneQuery<Row>
  onClose: () => void
  children: (row: Row) => ReactNode
}) {
  if (query.data) return children(query.data)
  return (
    <Drawer title={title} subtitle={<CopyId id={id} isWhole />} onClose={onClose}>
      {query.error && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton />}
      {query.data === null && <NoRow />}
    </Drawer>
  )
}

/** Says that there is no row of the id in the address. */
export function NoRow() {
  const { t } = useTranslation()
  return (
    <p role="alert" className="rounded-md border border-line bg-raised px-3 py-2">
      {t('state.noRow')}
    </p>
  )
}

import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { Button } from '~/ui/button'
import { PAGE_SIZE } from './queries'

/** Returns the number of the page in the address, from 1. */
export function usePageNumber(): number {
  const { search } = useAddress<'after'>()
  const page = Number(search.after ?? '1')
  return Number.isInteger(page) && page > 0 ? page : 1
}

/** The way through a list whose pages are numbered, as the tenant's routes have them. */
export function PageNumber({ total }: { total: number }) {
  const { t } = useTranslation()
  const { change } = useAddress<'after'>()
  const page = usePageNumber()
  const pages = Math.max(1, Math.ceil(total / PAGE_SIZE))
  if (pages === 1 && page === 1) return null
  return (
    <nav aria-label={t('pager.label')} className="flex items-center gap-2">
      <Button disabled={page <= 1} onClick={() => change({ after: String(page - 1) })}>
        {t('pager.previous')}
      </Button>
      <span className="text-muted tabular-nums">
        {page} / {pages}
      </span>
      <Button disabled={page >= pages} onClick={() => change({ after: String(page + 1) })}>
        {t('pager.next')}
      </Button>
    </nav>
  )
}

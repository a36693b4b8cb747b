import { useNavigate, useRouterState } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Page } from '~/api/client'
import { useAddress } from '~/app/use-address'
import { Button } from '../button'

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** The cursors of the pages before this one, oldest first; the first page has the empty one. */
    cursors?: string[]
  }
}

/** The way to the next page of a list and back. The cursor is in the address. */
export function Pager({ page }: { page: Page<unknown> }) {
  const { t } = useTranslation()
  const { after } = useAddress<'after'>().search
  const before = useRouterState({ select: (state) => state.location.state.cursors }) ?? []
  const navigate = useNavigate()
  if (!after && !page.has_more) return null

  const go = (cursor: string, cursors: string[]) =>
    void navigate({
      to: '.',
      search: (search: Record<string, unknown>) => ({ ...search, after: cursor }),
      state: { cursors },
    } as never)

  return (
    <nav aria-label={t('pager.label')} className="flex gap-2">
      <Button disabled={!after} onClick={() => go('', [])}>
        {t('pager.first')}
      </Button>
      <Button disabled={before.length === 0} onClick={() => go(before.at(-1) ?? '', before.slice(0, -1))}>
        {t('pager.previous')}
      </Button>
      <Button
        disabled={!page.next_cursor}
        onClick={() => page.next_cursor && go(page.next_cursor, [...before, after ?? ''])}
      >
        {t('pager.next')}
      </Button>
    </nav>
  )
}

import { Link, Navigate, Outlet, useRouterState } from '@tanstack/react-router'
import { Suspense, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession, useSessionControl } from '~/session/session'
import { Button } from '~/ui/button'
import { EmptyState } from '~/ui/empty-state'
import { Logo } from '~/ui/icons'
import { Page } from '~/ui/page'
import { PageSkeleton } from '~/ui/skeleton'
import { LanguageSwitch } from './language-switch'
import { mayOpen, PAGES, pagesOf } from './pages'
import { Shortcuts } from './shortcuts'
import { ThemeSwitch } from './theme-switch'

/** The frame of all pages: where one can go, who one is, and the page itself. */
export function Shell() {
  const { t } = useTranslation()
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[11.5rem_minmax(0,1fr)]">
      <a
        href="#page"
        className="absolute -top-10 left-2 z-30 rounded bg-accent px-3 py-1 text-on-accent focus:top-2"
      >
        {t('nav.skip')}
      </a>
      <Sidebar />
      <main id="page" tabIndex={-1} className="min-w-0 px-4 py-4 outline-none md:px-6">
        <Suspense fallback={<PageSkeleton />}>
          <PageOrRefusal />
        </Suspense>
      </main>
      <Shortcuts />
    </div>
  )
}

function Sidebar() {
  const { t } = useTranslation()
  const { session, leave } = useSessionControl()
  const path = useRouterState({ select: (state) => state.location.pathname })
  // On a phone the entries are a row that is scrolled; `path` makes it another function on another page.
  const showCurrent = useCallback(
    (nav: HTMLElement | null) => {
      const current = nav?.querySelector(`[href$="${path}"]`)
      current?.scrollIntoView({ block: 'nearest', inline: 'center' })
    },
    [path],
  )
  return (
    <header className="flex flex-wrap items-center gap-x-3 border-line border-b bg-surface px-3 py-2 md:sticky md:top-0 md:h-dvh md:flex-col md:flex-nowrap md:items-stretch md:gap-3 md:overflow-y-auto md:border-r md:border-b-0 md:py-4">
      <Link to="/" className="flex items-center gap-2 px-2 font-semibold text-sm">
        <Logo />
        Seedgate
      </Link>
      <nav
        ref={showCurrent}
        aria-label={t('nav.label')}
        className="order-last -mx-3 flex w-[calc(100%+1.5rem)] gap-0.5 overflow-x-auto px-3 pt-2 md:order-none md:mx-0 md:w-auto md:flex-col md:overflow-visible md:px-0 md:pt-0"
      >
        {pagesOf(session).map((page) => (
          <Link
            key={page.name}
            to={`/${page.name}`}
            className="whitespace-nowrap rounded px-2 py-1 text-muted hover:bg-raised hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent"
          >
            {t(`pages.${page.name}`)}
          </Link>
        ))}
      </nav>
      <div className="ml-auto flex flex-wrap items-center justify-end gap-2 md:mt-auto md:ml-0 md:flex-col md:flex-nowrap md:items-stretch">
        <p className="min-w-0 px-2 max-md:max-w-24 max-md:truncate">
          <span className="block truncate font-medium" title={session.name}>
            {session.name}
          </span>
          <span className="block text-muted text-xs">
            {t(session.role ? `roles.${session.role}` : 'roles.key')}
          </span>
        </p>
        <div className="flex gap-1 md:flex-col">
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
        <Button variant="quiet" onClick={leave}>
          {t('nav.signOut')}
        </Button>
      </div>
    </header>
  )
}

function PageOrRefusal() {
  const { t } = useTranslation()
  const session = useSession()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const page = PAGES.find((entry) => path === `/${entry.name}` || path === `/console/${entry.name}`)
  if (page && !mayOpen(session, page)) {
    return (
      <Page title={t(`pages.${page.name}`)}>
        <EmptyState title={t('nav.notForYou')} />
      </Page>
    )
  }
  return <Outlet />
}

/** `/console` alone: the first page of who is signed in. */
export function FirstPage() {
  const first = pagesOf(useSession())[0]
  return first ? <Navigate to={`/${first.name}`} replace /> : null
}

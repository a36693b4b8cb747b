import { createRouter } from '@tanstack/react-router'
import { asApiError } from './api/errors'
import { parseSearch, stringifySearch } from './app/search'
import { routeTree } from './routes'
import { ErrorPanel } from './ui/error-panel'
import { NotFound } from './ui/not-found'

export const router = createRouter({
  routeTree,
  basepath: '/console',
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: ({ error, reset }) => <ErrorPanel error={asApiError(error)} onRetry={reset} />,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

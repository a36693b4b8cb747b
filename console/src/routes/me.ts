import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const meRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'me',
  validateSearch: searchOf('tab', 'status', 'after', 'show'),
  component: lazyRouteComponent(() => import('~/features/me/page'), 'MePage'),
})

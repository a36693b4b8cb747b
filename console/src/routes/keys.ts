import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const keysRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'keys',
  validateSearch: searchOf('q', 'tenant', 'status', 'after', 'show'),
  component: lazyRouteComponent(() => import('~/features/keys/page'), 'KeysPage'),
})

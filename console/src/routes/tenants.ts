import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const tenantsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'tenants',
  validateSearch: searchOf('q', 'status', 'after', 'show'),
  component: lazyRouteComponent(() => import('~/features/tenants/page'), 'TenantsPage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const deliveriesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'deliveries',
  validateSearch: searchOf('tenant', 'key', 'task', 'status', 'endpoint', 'from', 'to', 'after', 'show'),
  component: lazyRouteComponent(() => import('~/features/deliveries/page'), 'DeliveriesPage'),
})

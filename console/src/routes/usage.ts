import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const usageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'usage',
  validateSearch: searchOf(
    'by',
    'measure',
    'from',
    'to',
    'zone',
    'tenant',
    'key',
    'model',
    'channel',
    'after',
  ),
  component: lazyRouteComponent(() => import('~/features/usage/page'), 'UsagePage'),
})

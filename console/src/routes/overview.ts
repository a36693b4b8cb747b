import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'overview',
  validateSearch: searchOf('range'),
  component: lazyRouteComponent(() => import('~/features/overview/page'), 'OverviewPage'),
})

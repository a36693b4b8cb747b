import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const assetsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'assets',
  validateSearch: searchOf('tab', 'tenant', 'group', 'status', 'type', 'q', 'after', 'show'),
  component: lazyRouteComponent(() => import('~/features/assets/page'), 'AssetsPage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const modelsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'models',
  validateSearch: searchOf('tab', 'show'),
  component: lazyRouteComponent(() => import('~/features/models/page'), 'ModelsPage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const playgroundRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'playground',
  validateSearch: searchOf('task'),
  component: lazyRouteComponent(() => import('~/features/playground/page'), 'PlaygroundPage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const tasksRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'tasks',
  validateSearch: searchOf(
    'tab',
    'orphan',
    'upstream',
    'id',
    'tenant',
    'key',
    'model',
    'status',
    'channel',
    'from',
    'to',
    'after',
    'show',
  ),
  component: lazyRouteComponent(() => import('~/features/tasks/page'), 'TasksPage'),
})

import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const auditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'audit',
  validateSearch: searchOf('tenant', 'key', 'target', 'action', 'actor', 'from', 'to', 'after', 'show'),
  component: lazyRouteComponent(() => import('~/features/audit/page'), 'AuditPage'),
})

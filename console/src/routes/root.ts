import { createRootRoute, createRoute } from '@tanstack/react-router'
import { FirstPage, Shell } from '~/app/shell'

export const rootRoute = createRootRoute({ component: Shell })

export const firstPageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  component: FirstPage,
})

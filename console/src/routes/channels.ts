import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { searchOf } from '~/app/search'
import { rootRoute } from './root'

export const channelsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'channels',
  validateSearch: searchOf('q', 'status', 'after', 'show'),
  component: lazyRouteComponent(() => import('~/features/channels/page'), 'ChannelsPage'),
})

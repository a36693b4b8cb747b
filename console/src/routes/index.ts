import { assetsRoute } from './assets'
import { auditRoute } from './audit'
import { channelsRoute } from './channels'
import { deliveriesRoute } from './deliveries'
import { keysRoute } from './keys'
import { meRoute } from './me'
import { modelsRoute } from './models'
import { overviewRoute } from './overview'
import { playgroundRoute } from './playground'
import { firstPageRoute, rootRoute } from './root'
import { tasksRoute } from './tasks'
import { tenantsRoute } from './tenants'
import { usageRoute } from './usage'

export const routeTree = rootRoute.addChildren([
  firstPageRoute,
  overviewRoute,
  tenantsRoute,
  keysRoute,
  tasksRoute,
  assetsRoute,
  usageRoute,
  channelsRoute,
  modelsRoute,
  deliveriesRoute,
  auditRoute,
  playgroundRoute,
  meRoute,
])

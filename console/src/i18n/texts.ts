// The keys that code may use: TypeScript refuses a text that is not there. A new part gets a line.
import type assets from './en/assets.json'
import type audit from './en/audit.json'
import type channels from './en/channels.json'
import type common from './en/common.json'
import type deliveries from './en/deliveries.json'
import type keys from './en/keys.json'
import type me from './en/me.json'
import type models from './en/models.json'
import type overview from './en/overview.json'
import type playground from './en/playground.json'
import type tasks from './en/tasks.json'
import type tenants from './en/tenants.json'
import type usage from './en/usage.json'

export interface Texts {
  assets: typeof assets
  audit: typeof audit
  channels: typeof channels
  common: typeof common
  deliveries: typeof deliveries
  keys: typeof keys
  me: typeof me
  models: typeof models
  overview: typeof overview
  playground: typeof playground
  tasks: typeof tasks
  tenants: typeof tenants
  usage: typeof usage
}

import type { Finding } from '~/features/shared/summary'

export interface PageLink {
  to: '/tasks' | '/channels' | '/deliveries' | '/models' | '/tenants'
  search: Record<string, string>
}

/** Returns the page that shows what a finding is about, or null when there is none. */
export function linkOf({ kind, see, subject }: Pick<Finding, 'kind' | 'see' | 'subject'>): PageLink | null {
  if (kind === 'failing_endpoint' && subject) {
    const tenant: Record<string, string> = subject.tenant_id ? { tenant: subject.tenant_id } : {}
    return { to: '/deliveries', search: { endpoint: subject.id, ...tenant } }
  }
  if (subject?.type === 'channel') return { to: '/channels', search: { show: subject.id } }
  if (subject?.type === 'budget' && subject.tenant_id)
    return { to: '/tenants', search: { show: subject.tenant_id } }
  if (see === '/orphans') return { to: '/tasks', search: { tab: 'orphans' } }
  if (see === '/prices') return { to: '/models', search: { tab: 'prices' } }
  const [path, query] = (see ?? '').split('?')
  if (path === '/tasks') return { to: '/tasks', search: Object.fromEntries(new URLSearchParams(query)) }
  return null
}

/** Says whether a click can end a finding: a route does, and nothing has to be chosen for it. */
export function canCarryOut({ act }: Pick<Finding, 'act'>): boolean {
  if (act.method === null || act.path === null || act.path.includes('{')) return false
  return act.method === 'POST' || act.body !== null
}

import type { Role, Session } from '~/session/session'

/** A page: its name in the address, the key that opens it after `g`, and who has a use for it. */
export interface PageEntry {
  name: (typeof PAGE_NAMES)[number]
  key: string
  roles: readonly Role[]
  isForKeys: boolean
}

const PAGE_NAMES = [
  'overview',
  'tenants',
  'keys',
  'tasks',
  'assets',
  'usage',
  'channels',
  'models',
  'deliveries',
  'audit',
  'playground',
  'me',
] as const

const READERS: readonly Role[] = ['owner', 'operator', 'viewer']
const EVERYONE: readonly Role[] = [...READERS, 'billing']

/** In the order of the navigation. The roles follow `app/admin/roles.py`, which decides. */
export const PAGES: readonly PageEntry[] = [
  { name: 'overview', key: 'o', roles: EVERYONE, isForKeys: false },
  { name: 'tenants', key: 't', roles: READERS, isForKeys: false },
  { name: 'keys', key: 'k', roles: READERS, isForKeys: false },
  { name: 'tasks', key: 'v', roles: READERS, isForKeys: false },
  { name: 'assets', key: 'a', roles: READERS, isForKeys: false },
  { name: 'usage', key: 'u', roles: EVERYONE, isForKeys: false },
  { name: 'channels', key: 'c', roles: READERS, isForKeys: false },
  { name: 'models', key: 'm', roles: EVERYONE, isForKeys: false },
  { name: 'deliveries', key: 'd', roles: READERS, isForKeys: false },
  { name: 'audit', key: 'l', roles: READERS, isForKeys: false },
  { name: 'me', key: 'i', roles: [], isForKeys: true },
  { name: 'playground', key: 'p', roles: EVERYONE, isForKeys: true },
]

export function mayOpen(session: Session, page: PageEntry): boolean {
  if (session.kind === 'key') return page.isForKeys
  return session.role !== undefined && page.roles.includes(session.role)
}

/** Returns the pages of who is signed in; the first one is where they begin. */
export function pagesOf(session: Session): PageEntry[] {
  return PAGES.filter((page) => mayOpen(session, page))
}

export type Role = 'owner' | 'operator' | 'billing' | 'viewer'

/** Who is signed in: an admin with a role, or a tenant's developer with an API key. */
export interface Session {
  kind: 'admin' | 'key'
  role?: Role
  name: string
  /** Of an admin; empty for the token of the environment. */
  admin_id?: string
  tenant_id?: string
  key_id?: string
  permissions?: string[]
  expires_at: string
}

/** Returns what tells one person from another. Names do not: two admins may have the same. */
export function identityOf(session: Session): string {
  return JSON.stringify([session.kind, session.role, session.admin_id, session.tenant_id, session.key_id])
}

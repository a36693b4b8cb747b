import { api, type Schemas, unwrap } from '~/api/client'

/** Returns a tenant by its id; null when it was deleted, while lists still have what it did. */
export async function findTenant(id: string, signal: AbortSignal): Promise<Schemas['TenantView'] | null> {
  const { data } = await unwrap(api.GET('/admin/v1/tenants', { params: { query: { q: id } }, signal }))
  return data.find((tenant) => tenant.id === id) ?? null
}

import { useQuery } from '@tanstack/react-query'
import { api, type Schemas, unwrap } from '~/api/client'
import type { ApiError } from '~/api/errors'
import { useList } from '~/api/list'
import type { BodyOf, QueryOf } from '~/api/types'

export type Tenant = Schemas['TenantView']
export type TenantBody = BodyOf<'/admin/v1/tenants', 'post'>
export type TenantChange = BodyOf<'/admin/v1/tenants/{tenant_id}', 'patch'>

export function useTenants(search: { q?: string; status?: string; after?: string }) {
  const query = { ...search, counts: true } as QueryOf<'/admin/v1/tenants'>
  return useList<Tenant>('tenants', query, (signal) =>
    unwrap(api.GET('/admin/v1/tenants', { params: { query }, signal })),
  )
}

const at = (id: string) => ({ path: { tenant_id: id } })

export function useTenant(id: string) {
  return useQuery<Tenant, ApiError>({
    queryKey: ['tenants', 'counted', id],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/admin/v1/tenants/{tenant_id}', { params: { ...at(id), query: { counts: true } }, signal }),
      ),
  })
}

export function createTenant(body: TenantBody): Promise<Tenant> {
  return unwrap(api.POST('/admin/v1/tenants', { body }))
}

export function changeTenant(id: string, body: TenantChange): Promise<Tenant> {
  return unwrap(api.PATCH('/admin/v1/tenants/{tenant_id}', { params: at(id), body }))
}

/** Deletes a tenant; `erase` removes its content, too, in the background. */
export function deleteTenant(id: string, erase: boolean): Promise<unknown> {
  return unwrap(api.DELETE('/admin/v1/tenants/{tenant_id}', { params: { ...at(id), query: { erase } } }))
}

export function newWebhookSecret(id: string): Promise<Schemas['SecretView']> {
  return unwrap(api.POST('/admin/v1/tenants/{tenant_id}/webhook-secret', { params: at(id) }))
}

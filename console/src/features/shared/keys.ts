import { useQuery } from '@tanstack/react-query'
import { api, type Schemas, unwrap } from '~/api/client'
import type { ApiError } from '~/api/errors'
import { useList } from '~/api/list'
import type { BodyOf, QueryOf } from '~/api/types'

export type Key = Schemas['KeyView']
export type IssuedKey = Schemas['IssuedKeyView']
export type KeyBody = BodyOf<'/admin/v1/tenants/{tenant_id}/keys', 'post'>
export type KeyChange = BodyOf<'/admin/v1/keys/{key_id}', 'patch'>

export const KEY_STATUSES = ['active', 'rotated', 'expired', 'revoked'] as const

export function useKeys(search: {
  q?: string
  tenant?: string
  status?: string
  after?: string
  limit?: number
}) {
  const query = search as QueryOf<'/admin/v1/keys'>
  return useList<Key>('keys', query, (signal) =>
    unwrap(api.GET('/admin/v1/keys', { params: { query }, signal })),
  )
}

const at = (id: string) => ({ path: { key_id: id } })

export function useKey(id: string) {
  return useQuery<Key, ApiError>({
    queryKey: ['keys', 'one', id],
    queryFn: ({ signal }) => unwrap(api.GET('/admin/v1/keys/{key_id}', { params: at(id), signal })),
  })
}

export function createKey(tenantId: string, body: KeyBody): Promise<IssuedKey> {
  return unwrap(
    api.POST('/admin/v1/tenants/{tenant_id}/keys', { params: { path: { tenant_id: tenantId } }, body }),
  )
}

export function changeKey(id: string, body: KeyChange): Promise<Key> {
  return unwrap(api.PATCH('/admin/v1/keys/{key_id}', { params: at(id), body }))
}

export function rotateKey(id: string, graceSeconds: number): Promise<IssuedKey> {
  return unwrap(
    api.POST('/admin/v1/keys/{key_id}/rotate', { params: at(id), body: { grace_seconds: graceSeconds } }),
  )
}

export function revokeKey(id: string): Promise<unknown> {
  return unwrap(api.DELETE('/admin/v1/keys/{key_id}', { params: at(id) }))
}

export function createSigningKey(id: string): Promise<Schemas['IssuedSigningKeyView']> {
  return unwrap(api.POST('/admin/v1/keys/{key_id}/signing-key', { params: at(id) }))
}

export function deleteSigningKey(id: string): Promise<unknown> {
  return unwrap(api.DELETE('/admin/v1/keys/{key_id}/signing-key', { params: at(id) }))
}

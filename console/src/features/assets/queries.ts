import { api, type Schemas, unwrap } from '~/api/client'
import { useList } from '~/api/list'
import { useOne } from '~/api/one'
import type { QueryOf } from '~/api/types'

export type Asset = Schemas['AssetView']
export type Group = Schemas['GroupView']
export type Verification = Schemas['VerificationView']

export function useAssets(query: QueryOf<'/admin/v1/assets'>) {
  return useList<Asset>('assets', query, (signal) =>
    unwrap(api.GET('/admin/v1/assets', { params: { query }, signal })),
  )
}

export function useAsset(id: string, listed: Asset | undefined) {
  return useOne<Asset>(
    'assets',
    id,
    (signal) =>
      unwrap(api.GET('/admin/v1/assets/{asset_id}', { params: { path: { asset_id: id } }, signal })),
    listed,
  )
}

export function useGroups(query: QueryOf<'/admin/v1/groups'>) {
  return useList<Group>('groups', query, (signal) =>
    unwrap(api.GET('/admin/v1/groups', { params: { query }, signal })),
  )
}

export function useVerifications(query: QueryOf<'/admin/v1/face-verifications'>) {
  return useList<Verification>('verifications', query, (signal) =>
    unwrap(api.GET('/admin/v1/face-verifications', { params: { query }, signal })),
  )
}

/** Asks for the content of an asset: a look, which the audit log records. */
export function readAsset(id: string): Promise<Schemas['AssetMediaView']> {
  return unwrap(api.GET('/admin/v1/assets/{asset_id}/media', { params: { path: { asset_id: id } } }))
}

import { api, type Schemas, unwrap } from '~/api/client'
import { useList } from '~/api/list'
import { useOne } from '~/api/one'
import type { QueryOf } from '~/api/types'

export type Orphan = Schemas['OrphanView']

const LIST_MS = 10_000
const CANDIDATES = 100

/** A page of the upstream tasks that no tenant owns, newest first. */
export function useOrphans(after: string | undefined) {
  return useList<Orphan>(
    'orphans',
    { after },
    (signal) => unwrap(api.GET('/admin/v1/orphans', { params: { query: { after } }, signal })),
    { refetchInterval: LIST_MS },
  )
}

export function useOrphan(upstreamId: string, listed: Orphan | undefined) {
  return useOne<Orphan>(
    'orphans',
    upstreamId,
    async (signal) => (await readOrphans({ upstream_id: upstreamId }, signal))[0],
    listed,
  )
}

/** The newest of the upstream tasks that the create of a task of ours may have made. */
export function useCandidates(taskId: string) {
  return useOne<Orphan[]>('orphans', `of ${taskId}`, (signal) =>
    readOrphans({ task: taskId, limit: CANDIDATES }, signal),
  )
}

/** Makes an upstream task a tenant's; says what became of it. */
export async function adoptOrphan(orphan: Orphan, tenantId: string): Promise<Schemas['AdoptedView']> {
  const { data } = await unwrap(
    api.POST('/admin/v1/tenants/{tenant_id}/adopt', {
      params: { path: { tenant_id: tenantId } },
      body: { channel: orphan.channel_id, task_ids: [orphan.upstream_id] },
    }),
  )
  return data[0] as Schemas['AdoptedView']
}

async function readOrphans(query: QueryOf<'/admin/v1/orphans'>, signal: AbortSignal): Promise<Orphan[]> {
  return (await unwrap(api.GET('/admin/v1/orphans', { params: { query }, signal }))).data
}

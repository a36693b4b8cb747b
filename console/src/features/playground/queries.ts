import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, apiWithKey, type Schemas, unwrap } from '~/api/client'
import type { ApiError } from '~/api/errors'
import { useBorrowedKey } from '~/session/borrowed-key'
import { useSession } from '~/session/session'
import type { CreateBody } from './draft'

export type Model = Schemas['ShownModel']
export type Task = Schemas['ShownTask']
export type DryRun = Schemas['DryRun']

const TASKS = '/api/v3/contents/generations/tasks'
const WATCH_MS = 2_000
const RECENT = 6

/** The tenant's API, as a key's session or the key that was lent opens it; null without one. */
export function useTenantApi(): typeof api | null {
  const { kind } = useSession()
  const key = useBorrowedKey()
  return useMemo(() => {
    if (kind === 'key') return api
    return key === null ? null : apiWithKey(key)
  }, [kind, key])
}

export function useModels(tenant: typeof api) {
  return useQuery<Model[], ApiError>({
    queryKey: ['playground', 'models'],
    queryFn: async ({ signal }) => (await unwrap(tenant.GET('/api/v3/models', { signal }))).data,
  })
}

export function useWhoami(tenant: typeof api) {
  return useQuery<Schemas['CallerView'], ApiError>({
    queryKey: ['playground', 'whoami'],
    queryFn: ({ signal }) => unwrap(tenant.GET('/api/v3/whoami', { signal })),
  })
}

/** What the create of this body would cost at most, or why it would be refused; never what another one would. */
export function useDryRun(tenant: typeof api, body: CreateBody) {
  return useQuery<DryRun, ApiError>({
    queryKey: ['playground', 'dry-run', JSON.stringify(body)],
    queryFn: async ({ signal }) =>
      (await unwrap(tenant.POST(TASKS, { params: { query: { dry_run: true } }, body, signal }))) as DryRun,
    enabled: body.model !== '' && body.content.length > 0,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  })
}

/** Creates a task; `attempt` names this create, so that a repetition makes no second one. */
export async function createTask(tenant: typeof api, body: CreateBody, attempt: string): Promise<string> {
  const made = await unwrap(tenant.POST(TASKS, { params: { header: { 'Idempotency-Key': attempt } }, body }))
  return (made as Schemas['CreatedTask']).id
}

const UNFINISHED = new Set(['queued', 'running'])

export function isUnfinished(task: Pick<Task, 'status'>): boolean {
  return UNFINISHED.has(task.status)
}

/** A task, read again and again until it has ended. */
export function useWatchedTask(tenant: typeof api, id: string | undefined) {
  return useQuery<Task, ApiError>({
    queryKey: ['playground', 'task', id],
    queryFn: ({ signal }) =>
      unwrap(tenant.GET(`${TASKS}/{task_id}`, { params: { path: { task_id: id ?? '' } }, signal })),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (state.data && !isUnfinished(state.data) ? false : WATCH_MS),
    refetchOnWindowFocus: false,
  })
}

export function useRecentTasks(tenant: typeof api) {
  return useQuery({
    queryKey: ['playground', 'recent'],
    queryFn: async ({ signal }) =>
      (await unwrap(tenant.GET(TASKS, { params: { query: { page_size: RECENT } }, signal }))).items,
  })
}

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { api, type Schemas, unwrap } from '~/api/client'
import type { ApiError } from '~/api/errors'

export type Caller = Schemas['CallerView']
export type OwnTask = Schemas['ListedTask']
export type OwnAsset = Schemas['AssetItem']

export const PAGE_SIZE = 20
const LIST_MS = 10_000
const WATCH_MS = 3_000
const UNFINISHED: ReadonlySet<string> = new Set(['queued', 'running'])

export function useCaller() {
  return useQuery<Caller, ApiError>({
    queryKey: ['me', 'whoami'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v3/whoami', { signal })),
    refetchInterval: LIST_MS,
  })
}

/** A page of the tenant's own tasks, from 1; without the links to their clips, which a click asks for. */
export function useOwnTasks(page: number, status: OwnTask['status'] | undefined) {
  return useQuery<Schemas['TaskPage'], ApiError>({
    queryKey: ['me', 'tasks', page, status],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v3/contents/generations/tasks', {
          params: { query: { page_num: page, page_size: PAGE_SIZE, 'filter.status': status } },
          signal,
        }),
      ),
    refetchInterval: LIST_MS,
    placeholderData: keepPreviousData,
  })
}

export function useOwnTask(id: string) {
  return useQuery<Schemas['ShownTask'], ApiError>({
    queryKey: ['me', 'task', id],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v3/contents/generations/tasks/{task_id}', {
          params: { path: { task_id: id } },
          signal,
        }),
      ),
    refetchInterval: ({ state }) => (UNFINISHED.has(state.data?.status ?? '') ? WATCH_MS : false),
  })
}

/** What the tenant's tasks cost, a day each, newest first. */
export function useOwnUsage(timeZone: string) {
  return useInfiniteQuery({
    queryKey: ['me', 'usage', timeZone],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        api.GET('/api/v3/usage', {
          params: { query: { group_by: 'day', time_zone: timeZone, limit: 100, after: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
}

export function useOwnAssets(page: number) {
  return useQuery({
    queryKey: ['me', 'assets', page],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/api/v3/open/ListAssets', {
          body: { Filter: { GroupType: 'AIGC' }, PageNumber: page, PageSize: PAGE_SIZE },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  })
}

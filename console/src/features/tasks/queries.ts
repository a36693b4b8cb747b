import { useQuery } from '@tanstack/react-query'
import { api, type Schemas, unwrap } from '~/api/client'
import { useList } from '~/api/list'
import type { BodyOf, QueryOf } from '~/api/types'

export type Task = Schemas['TaskView']
export type TaskDetail = Schemas['TaskDetailView']
export type TaskMedia = Schemas['TaskMediaView']

const LIST_MS = 10_000
const UNFINISHED_MS = 3_000
const FINAL = new Set(['succeeded', 'failed', 'expired', 'cancelled'])

/** Says whether the state of a task does not change any more. */
export function isFinal(status: string): boolean {
  return FINAL.has(status)
}

export function useTasks(query: QueryOf<'/admin/v1/tasks'>) {
  return useList<Task>(
    'tasks',
    query,
    (signal) => unwrap(api.GET('/admin/v1/tasks', { params: { query }, signal })),
    { refetchInterval: LIST_MS },
  )
}

/** Reads a task; an unfinished one again every few seconds, from the mirror: the upstream is not asked. */
export function useTask(id: string) {
  return useQuery<TaskDetail>({
    queryKey: ['tasks', 'one', id],
    queryFn: ({ signal }) => unwrap(api.GET('/admin/v1/tasks/{task_id}', { params: pathOf(id), signal })),
    refetchInterval: (query) =>
      query.state.data && !isFinal(query.state.data.status) ? UNFINISHED_MS : false,
  })
}

/** Asks for the links to the results of a task: a look, which the audit log records. */
export function readMedia(id: string): Promise<TaskMedia> {
  return unwrap(api.GET('/admin/v1/tasks/{task_id}/media', { params: pathOf(id) }))
}

export function refreshTask(id: string): Promise<TaskDetail> {
  return unwrap(api.POST('/admin/v1/tasks/{task_id}/refresh', { params: pathOf(id) }))
}

export function cancelTask(id: string): Promise<TaskDetail> {
  return unwrap(api.POST('/admin/v1/tasks/{task_id}/cancel', { params: pathOf(id) }))
}

export function resolveTask(
  id: string,
  body: BodyOf<'/admin/v1/tasks/{task_id}/resolve', 'post'>,
): Promise<TaskDetail> {
  return unwrap(api.POST('/admin/v1/tasks/{task_id}/resolve', { params: pathOf(id), body }))
}

function pathOf(id: string) {
  return { path: { task_id: id } }
}

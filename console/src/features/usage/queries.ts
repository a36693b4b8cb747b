import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query'
import { api, type Page, unwrap } from '~/api/client'
import type { ApiError } from '~/api/errors'
import type { QueryOf } from '~/api/types'
import type { Group, Sum } from './sums'

export const DIMENSIONS = ['day', 'tenant', 'key', 'model', 'channel'] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** Which tasks are counted, as the API takes it. */
export interface Selection {
  from: string
  to: string
  time_zone: string
  tenant?: string
  key?: string
  model?: string
  channel?: string
}

type UsageQuery = QueryOf<'/admin/v1/usage'>

const ROWS_OF_A_PAGE = 100
/** More groups than a person reads; the export has all. */
const MOST_PAGES = 5

async function readSums(query: UsageQuery, signal: AbortSignal): Promise<{ sums: Sum[]; isWhole: boolean }> {
  const sums: Sum[] = []
  let after: string | undefined
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = (await unwrap(
      api.GET('/admin/v1/usage', { params: { query: { ...query, limit: ROWS_OF_A_PAGE, after } }, signal }),
    )) as Page<Sum>
    sums.push(...answer.data)
    if (!answer.next_cursor) return { sums, isWhole: true }
    after = answer.next_cursor
  }
  return { sums, isWhole: false }
}

function sumsQuery(group_by: Dimension, selection: Selection) {
  const query: UsageQuery = { group_by, ...selection }
  return {
    queryKey: ['usage', query],
    queryFn: ({ signal }: { signal: AbortSignal }) => readSums(query, signal),
    refetchInterval: 30_000,
  }
}

export function useSums(dimension: Dimension, selection: Selection) {
  return useQuery<{ sums: Sum[]; isWhole: boolean }, ApiError>({
    ...sumsQuery(dimension, selection),
    placeholderData: keepPreviousData,
  })
}

/** The days of each of some groups: the API sums by one thing at a time, so each group is asked for. */
export function useDaysOfGroups(dimension: Dimension, groups: readonly Group[], selection: Selection) {
  return useQueries({
    queries:
      dimension === 'day' ? [] : groups.map(({ id }) => sumsQuery('day', { ...selection, [dimension]: id })),
    combine: (results) => results.map(({ data }) => data?.sums),
  })
}

/** The address of the ledger's rows, for an export. */
export function exportPath(selection: Selection): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(selection)) if (value) params.set(name, value)
  return `/admin/v1/usage?${params}`
}

import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { Page } from './client'
import type { ApiError } from './errors'

export type ListQuery<Row> = UseQueryResult<Page<Row>, ApiError>

/**
 * Reads a page of a list. The page before stays until the next one is there.
 *
 * @param name the first part of the query's key, which a change invalidates: `['tenants']`.
 * @param params what chooses the rows, as the API takes it.
 */
export function useList<Row>(
  name: string,
  params: object,
  read: (signal: AbortSignal) => Promise<Page<Row>>,
  options: { refetchInterval?: number; enabled?: boolean } = {},
): ListQuery<Row> {
  return useQuery<Page<Row>, ApiError>({
    queryKey: [name, 'list', params],
    queryFn: ({ signal }) => read(signal),
    placeholderData: keepPreviousData,
    ...options,
  })
}

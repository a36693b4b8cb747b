import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { type ApiError, asApiError } from './errors'

export type OneQuery<Row> = UseQueryResult<Row | null, ApiError>

/**
 * Reads one row by its id, for a drawer whose address was kept or whose row has moved out of the list; null: there is
 * none. What was read stays when the row is gone later.
 *
 * @param name the first part of the query's key, which a change invalidates: `['deliveries']`.
 * @param listed the row as the list has it, which is shown until the answer is there.
 */
export function useOne<Row extends object>(
  name: string,
  id: string,
  read: (signal: AbortSignal) => Promise<Row | null | undefined>,
  listed?: Row,
  options: { refetchInterval?: number } = {},
): OneQuery<Row> {
  return useQuery<Row | null, ApiError, Row | null>({
    queryKey: [name, 'by id', id],
    queryFn: async ({ signal }) => {
      try {
        return (await read(signal)) ?? null
      } catch (thrown) {
        if (asApiError(thrown).status === 404) return null
        throw thrown
      }
    },
    structuralSharing: (before, after) => after ?? before ?? null,
    placeholderData: listed as never,
    ...options,
  })
}

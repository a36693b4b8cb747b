import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api, call, type Schemas, unwrap } from '~/api/client'
import type { ApiError } from '~/api/errors'
import { resendAll } from './resend-all'

export type Summary = Schemas['SummaryView']
export type Finding = Schemas['FindingView']

const REFRESH_MS = 15_000

/** How far back the overview looks. */
export const RANGES = { day: { hours: 24 }, week: { days: 7 }, month: { days: 30 } } as const
export type Range = keyof typeof RANGES

export function rangeOf(text: string | undefined): Range {
  return text !== undefined && text in RANGES ? (text as Range) : 'day'
}

export function useSummary(range: Range) {
  const query = { ...RANGES[range], time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone }
  return useQuery<Summary, ApiError>({
    queryKey: ['summary', query],
    queryFn: ({ signal }) => unwrap(api.GET('/admin/v1/summary', { params: { query }, signal })),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  })
}

/** Carries out what ends a finding; a resending as often as it takes. */
export function carryOut(act: Finding['act']): Promise<unknown> {
  return resendAll(() => call(act.method ?? 'POST', `/admin/v1${act.path ?? ''}`, act.body ?? undefined))
}

import { useQuery } from '@tanstack/react-query'
import { api, type Schemas, unwrap } from '~/api/client'
import type { ApiError } from '~/api/errors'

export type Model = Schemas['ModelsView']['data'][number]
export type Price = Schemas['PricesView']['data'][number]

export function useModels(isEnabled: boolean) {
  return useQuery<Model[], ApiError>({
    queryKey: ['models', 'all'],
    queryFn: ({ signal }) => readModels(signal),
    enabled: isEnabled,
  })
}

export function usePrices(isEnabled: boolean) {
  return useQuery<Price[], ApiError>({
    queryKey: ['prices', 'all'],
    queryFn: ({ signal }) => readPrices(signal),
    enabled: isEnabled,
  })
}

/** Changes the list of models: it is read anew, so that what others have changed meanwhile stays. */
export async function changeModels(change: (models: Model[]) => Model[]): Promise<void> {
  await unwrap(api.PUT('/admin/v1/models', { body: { data: change(await readModels()) } as never }))
}

/** Changes the price list, as `changeModels` the models. */
export async function changePrices(change: (prices: Price[]) => NewPrice[]): Promise<void> {
  await unwrap(api.PUT('/admin/v1/prices', { body: { data: change(await readPrices()) } as never }))
}

/** A price that is valid at once when it does not say from when. */
export type NewPrice = Omit<Price, 'valid_from'> & { valid_from?: string }

/** Says whether two prices are about the same thing, whatever they are and since when. */
export function isSamePrice(one: NewPrice, other: NewPrice): boolean {
  return PRICED_BY.every((name) => (one[name] ?? null) === (other[name] ?? null))
}

export const PRICED_BY = [
  'upstream_model',
  'resolution',
  'has_video_input',
  'service_tier',
  'has_audio',
  'currency',
] as const

async function readModels(signal?: AbortSignal): Promise<Model[]> {
  return (await unwrap(api.GET('/admin/v1/models', { signal }))).data
}

async function readPrices(signal?: AbortSignal): Promise<Price[]> {
  return (await unwrap(api.GET('/admin/v1/prices', { signal }))).data
}

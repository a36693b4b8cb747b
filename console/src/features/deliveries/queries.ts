import { api, type Schemas, unwrap } from '~/api/client'
import { useList } from '~/api/list'
import { useOne } from '~/api/one'
import type { QueryOf } from '~/api/types'
import { resendAll } from '~/features/shared/resend-all'

export type Delivery = Schemas['DeliveryView']

const LIST_MS = 10_000

export function useDeliveries(query: QueryOf<'/admin/v1/deliveries'>) {
  return useList<Delivery>(
    'deliveries',
    query,
    (signal) => unwrap(api.GET('/admin/v1/deliveries', { params: { query }, signal })),
    { refetchInterval: LIST_MS },
  )
}

/** One callback without its body, by its id: whatever the filters of the list are. */
export function useDelivery(id: string, listed: Delivery | undefined) {
  return useOne<Delivery>(
    'deliveries',
    id,
    async (signal) =>
      (await unwrap(api.GET('/admin/v1/deliveries', { params: { query: { id } }, signal }))).data[0],
    listed,
    { refetchInterval: LIST_MS },
  )
}

/** Asks for a callback with its body: a look, which the audit log records. */
export function readDelivery(delivery_id: string) {
  return unwrap(api.GET('/admin/v1/deliveries/{delivery_id}', { params: { path: { delivery_id } } }))
}

export interface Resend {
  ids?: string[]
  endpoint?: string
  tenant?: string
}

/** Makes deliveries due now; an endpoint's in as many requests as it takes. Returns how many. */
export function resend(what: Resend): Promise<number> {
  return resendAll(() => unwrap(api.POST('/admin/v1/deliveries/resend', { body: what })))
}

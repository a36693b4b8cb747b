import { useQuery } from '@tanstack/react-query'
import { api, type Schemas, unwrap } from '~/api/client'
import type { ApiError } from '~/api/errors'
import { useList } from '~/api/list'
import type { BodyOf, QueryOf } from '~/api/types'

export type Channel = Schemas['ChannelView']
export type ChannelBody = BodyOf<'/admin/v1/channels', 'post'>
export type ChannelChange = BodyOf<'/admin/v1/channels/{channel_id}', 'patch'>
export type ChannelCheck = Schemas['ChannelCheckView']

const HEALTH_MS = 10_000

export function useChannels(query: QueryOf<'/admin/v1/channels'>) {
  return useList<Channel>(
    'channels',
    query,
    (signal) => unwrap(api.GET('/admin/v1/channels', { params: { query }, signal })),
    { refetchInterval: HEALTH_MS },
  )
}

const at = (id: string) => ({ path: { channel_id: id } })

/** One channel; `isWatched`: read again every few seconds. */
export function useChannel(id: string, { isWatched }: { isWatched: boolean }) {
  return useQuery<Channel, ApiError>({
    queryKey: ['channels', 'one', id],
    queryFn: ({ signal }) => unwrap(api.GET('/admin/v1/channels/{channel_id}', { params: at(id), signal })),
    refetchInterval: isWatched && HEALTH_MS,
  })
}

export function createChannel(body: ChannelBody): Promise<Channel> {
  return unwrap(api.POST('/admin/v1/channels', { body }))
}

export function changeChannel(id: string, body: ChannelChange): Promise<Channel> {
  return unwrap(api.PATCH('/admin/v1/channels/{channel_id}', { params: at(id), body }))
}

export function deleteChannel(id: string): Promise<unknown> {
  return unwrap(api.DELETE('/admin/v1/channels/{channel_id}', { params: at(id) }))
}

/** Asks the upstream for a list of one with the channel's credentials, which changes and costs nothing. */
export function checkChannel(id: string): Promise<ChannelCheck> {
  return unwrap(api.POST('/admin/v1/channels/{channel_id}/check', { params: at(id) }))
}

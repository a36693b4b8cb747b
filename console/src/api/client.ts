import createClient from 'openapi-fetch'
import { reportAnswer, reportAway } from './connection'
import { ApiError, errorOf } from './errors'
import { consoleHeader } from './presence'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

/** A page of a list of the admin API. */
export interface Page<Row> {
  data: Row[]
  has_more: boolean
  next_cursor: string | null
}

const CONSOLE_HEADER = 'X-Seedgate-Console'

async function send(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname
  request.headers.set(CONSOLE_HEADER, consoleHeader(request.method))
  try {
    const response = await fetch(request)
    const isFromGateway = response.headers.has('x-request-id')
    if (response.status >= 502 && response.status <= 504 && !isFromGateway) reportAway()
    // A key that was typed into the playground is refused for itself, not for the session.
    else reportAnswer(response.status, path === '/console/session' || request.headers.has('authorization'))
    return response
  } catch (thrown) {
    if (request.signal.aborted) throw thrown
    reportAway()
    throw new ApiError(0, 'NoAnswer', thrown instanceof Error ? thrown.message : String(thrown), null, null)
  }
}

/** The API by the types of `/openapi.json`, with the session of this page. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  fetch: send,
})

/** Returns the tenant's API for an API key instead of the session. The key is held by the returned client alone. */
export function apiWithKey(key: string): typeof api {
  return createClient<paths>({
    baseUrl: window.location.origin,
    headers: { Authorization: `Bearer ${key}` },
    credentials: 'omit',
    fetch: send,
  })
}

/** Returns the content of an answer. Throws `ApiError` for one that is no success. */
export async function unwrap<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await answer
  if (!response.ok) throw errorOf(response, error)
  return data as T
}

/** Sends a request that `/openapi.json` does not describe, and returns the JSON of the answer, or undefined. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(
    new Request(new URL(path, window.location.origin), {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
    }),
  )
  const text = await response.text()
  const json = text === '' ? undefined : parse(text)
  if (!response.ok) throw errorOf(response, json)
  return json as T
}

/** Returns an answer in another media type than JSON, such as `text/csv`. Throws `ApiError` for one that is no success. */
export async function fetchBlob(path: string, mediaType: string): Promise<Blob> {
  const response = await send(
    new Request(new URL(path, window.location.origin), {
      headers: { Accept: mediaType },
      credentials: 'same-origin',
    }),
  )
  if (!response.ok) throw errorOf(response, parse(await response.text()))
  return response.blob()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

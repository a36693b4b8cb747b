import { api, type Schemas, unwrap } from '~/api/client'
import { Picker } from './picker'

/** A filter by API key: it is found by a part of its name, by its public part, or by its id. */
export function KeyPicker({
  tenant,
  ...props
}: {
  label: string
  value: string | undefined
  /** Only keys of this tenant are offered. */
  tenant: string | undefined
  placeholder?: string
  onChange: (id: string) => void
}) {
  const find = async (q: string | undefined, limit: number, signal: AbortSignal) => {
    const query = { q: publicPartIn(q), tenant, limit }
    const { data } = await unwrap(api.GET('/admin/v1/keys', { params: { query }, signal }))
    return data.map(toChoice)
  }
  return <Picker key={tenant} name="keys" scope={tenant} find={find} read={read} {...props} />
}

/** Returns what to search for: of a key as it is shown, `sg-AbCd-…`, its public part. */
export function publicPartIn(text: string | undefined): string | undefined {
  return text?.match(/^sg-([^-\s]+)(-.*)?$/)?.[1] ?? text
}

async function read(id: string, signal: AbortSignal) {
  return toChoice(
    await unwrap(api.GET('/admin/v1/keys/{key_id}', { params: { path: { key_id: id } }, signal })),
  )
}

function toChoice({ id, name, public_part }: Schemas['KeyView']) {
  return { id, name, detail: `sg-${public_part}-…` }
}

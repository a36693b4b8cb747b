import { api, unwrap } from '~/api/client'
import { findTenant } from './find-tenant'
import { Picker } from './picker'

/** A filter by tenant: it is found by a part of its name, or by its id. */
export function TenantPicker(props: {
  label: string
  value: string | undefined
  placeholder?: string
  onChange: (id: string) => void
}) {
  return <Picker name="tenants" find={find} read={findTenant} {...props} />
}

async function find(q: string | undefined, limit: number, signal: AbortSignal) {
  const { data } = await unwrap(api.GET('/admin/v1/tenants', { params: { query: { q, limit } }, signal }))
  return data.map(({ id, name }) => ({ id, name }))
}

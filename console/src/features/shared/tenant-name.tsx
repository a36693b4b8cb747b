import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useSession } from '~/session/session'
import { CopyId } from '~/ui/copy-id'
import { findTenant } from './find-tenant'

const NAME_STALE_MS = 300_000

/** A tenant by its name, as a link to it; by its id when it was deleted, or the name is not known or not for this role. */
export function TenantName({ id }: { id: string }) {
  const { role } = useSession()
  const tenant = useQuery({
    queryKey: ['tenants', 'one', id],
    queryFn: ({ signal }) => findTenant(id, signal),
    staleTime: NAME_STALE_MS,
    retry: false,
    enabled: role !== 'billing',
  })
  if (!tenant.data) return <CopyId id={id} />
  return (
    <Link
      to="/tenants"
      search={{ show: id }}
      className="text-accent underline decoration-line underline-offset-2 hover:decoration-accent"
      title={id}
    >
      {tenant.data.name}
    </Link>
  )
}

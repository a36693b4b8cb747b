import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { ErrorPanel } from '~/ui/error-panel'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { Skeleton } from '~/ui/skeleton'
import { StatusBadge } from '~/ui/status-badge'
import { useSend } from '~/ui/use-act'
import { IssuedKeyOnce } from './issued-key'
import { KeyForm } from './key-form'
import { createKey, type IssuedKey, type KeyBody, useKeys } from './keys'

const SHOWN = 10

/** The newest keys of a tenant, and a new one. */
export function KeysOfTenant({ tenantId }: { tenantId: string }) {
  const { t } = useTranslation(['keys', 'common'])
  const { operate } = useMay()
  const [isAdding, setIsAdding] = useState(false)
  const [issued, setIssued] = useState<IssuedKey | null>(null)
  const query = useKeys({ tenant: tenantId, limit: SHOWN })
  const create = useSend((body: KeyBody) => createKey(tenantId, body), ['keys', 'tenants'])
  const isPlain = !isAdding && issued === null
  return (
    <Section
      title={t('ofTenant.title')}
      actions={operate && isPlain && <Button onClick={() => setIsAdding(true)}>{t('new.title')}</Button>}
    >
      {issued && <IssuedKeyOnce issued={issued} onSaved={() => setIssued(null)} />}
      {isAdding && (
        <div className="rounded-md border border-line p-3">
          <KeyForm
            submit={t('common:action.create')}
            send={async (body) => {
              setIssued(await create(body))
              setIsAdding(false)
            }}
            onCancel={() => setIsAdding(false)}
          />
        </div>
      )}
      {query.error && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton rows={2} />}
      {query.data?.data.length === 0 && isPlain && <p className="text-muted">{t('ofTenant.none')}</p>}
      <ul className="flex flex-col">
        {query.data?.data.map((key) => (
          <li key={key.id} className="flex items-center gap-2 border-line border-b py-1.5 last:border-0">
            <Link
              to="/keys"
              search={{ show: key.id }}
              className="min-w-0 truncate text-accent hover:underline"
            >
              {key.name}
            </Link>
            <code className="truncate text-muted text-xs max-sm:hidden">sg-{key.public_part}-…</code>
            <span className="ml-auto text-muted">
              {key.last_used_at ? <RelativeTime at={key.last_used_at} /> : t('neverUsed')}
            </span>
            <StatusBadge status={key.status} />
          </li>
        ))}
      </ul>
      {query.data?.has_more && (
        <Link to="/keys" search={{ tenant: tenantId }} className="text-accent hover:underline">
          {t('ofTenant.all')}
        </Link>
      )}
    </Section>
  )
}

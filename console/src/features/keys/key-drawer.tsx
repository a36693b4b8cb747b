import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { BudgetsSection } from '~/features/shared/budgets'
import { IssuedKeyOnce } from '~/features/shared/issued-key'
import { KeyForm } from '~/features/shared/key-form'
import {
  changeKey,
  type IssuedKey,
  type Key,
  type KeyChange,
  revokeKey,
  useKey,
} from '~/features/shared/keys'
import { RightsFacts } from '~/features/shared/rights'
import { TenantName } from '~/features/shared/tenant-name'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { ConfirmByTyping } from '~/ui/confirm-by-typing'
import { CopyId } from '~/ui/copy-id'
import { Drawer } from '~/ui/drawer'
import { ErrorPanel } from '~/ui/error-panel'
import { Facts } from '~/ui/facts'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { Skeleton } from '~/ui/skeleton'
import { StatusBadge } from '~/ui/status-badge'
import { useSend } from '~/ui/use-act'
import { RotateKey } from './rotate-key'
import { SigningKey } from './signing-key'

/** A key: what it may do, and what can be done about it. */
export function KeyDrawer({
  id,
  onClose,
  onShow,
}: {
  id: string
  onClose: () => void
  onShow: (id: string) => void
}) {
  const { t } = useTranslation(['keys', 'common'])
  const query = useKey(id)
  const [isEdited, setIsEdited] = useState(false)
  const change = useSend((body: KeyChange) => changeKey(id, body), ['keys'], t('common:state.saved'))
  const key = query.data
  return (
    <Drawer title={key?.name ?? id} subtitle={<CopyId id={id} isWhole />} onClose={onClose}>
      {query.error && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton />}
      {key && isEdited && (
        <KeyForm
          of={key}
          submit={t('common:action.save')}
          send={async (body) => {
            await change(body)
            setIsEdited(false)
          }}
          onCancel={() => setIsEdited(false)}
        />
      )}
      {key && !isEdited && <KeyDetails of={key} onEdit={() => setIsEdited(true)} onShow={onShow} />}
    </Drawer>
  )
}

function KeyDetails({ of, onEdit, onShow }: { of: Key; onEdit: () => void; onShow: (id: string) => void }) {
  const { t } = useTranslation(['keys', 'common'])
  const { operate } = useMay()
  const [issued, setIssued] = useState<IssuedKey | null>(null)
  const isWorking = of.status === 'active' || of.status === 'rotated'
  return (
    <>
      {issued && (
        <IssuedKeyOnce
          issued={issued}
          onSaved={() => {
            setIssued(null)
            onShow(issued.id)
          }}
        />
      )}
      <Section
        title={t('section.about')}
        actions={operate && isWorking && <Button onClick={onEdit}>{t('common:action.edit')}</Button>}
      >
        <Facts
          items={[
            [t('common:filter.status'), <StatusBadge key="status" status={of.status} />],
            [t('column.tenant'), <TenantName key="tenant" id={of.tenant_id} />],
            [t('column.key'), <CopyId key="public" id={`sg-${of.public_part}-…`} />],
            [
              t('column.lastUsed'),
              of.last_used_at ? <RelativeTime key="used" at={of.last_used_at} /> : t('neverUsed'),
            ],
            [
              t('form.expires'),
              of.expires_at ? <RelativeTime key="end" at={of.expires_at} /> : t('common:state.never'),
            ],
            ...(of.grace_ends_at
              ? [[t('graceEnds'), <RelativeTime key="grace" at={of.grace_ends_at} />] as const]
              : []),
            [t('column.created'), <RelativeTime key="created" at={of.created_at} />],
            ...(of.rotated_from
              ? [
                  [
                    t('rotatedFrom'),
                    <Link
                      key="from"
                      to="/keys"
                      search={{ show: of.rotated_from }}
                      className="text-accent hover:underline"
                    >
                      {of.rotated_from}
                    </Link>,
                  ] as const,
                ]
              : []),
            [t('form.ips'), of.allowed_ips?.join(', ') ?? t('common:state.all')],
          ]}
        />
        <RightsFacts rights={of} />
        <p>
          <Link to="/tasks" search={{ key: of.id }} className="text-accent hover:underline">
            {t('link.tasks')}
          </Link>{' '}
          ·{' '}
          <Link to="/usage" search={{ key: of.id }} className="text-accent hover:underline">
            {t('link.usage')}
          </Link>{' '}
          ·{' '}
          <Link to="/deliveries" search={{ key: of.id }} className="text-accent hover:underline">
            {t('link.deliveries')}
          </Link>{' '}
          ·{' '}
          <Link to="/audit" search={{ key: of.id }} className="text-accent hover:underline">
            {t('link.audit')}
          </Link>
        </p>
      </Section>
      <BudgetsSection tenantId={of.tenant_id} keyId={of.id} />
      {operate && isWorking && (
        <>
          <SigningKey of={of} />
          {of.status === 'active' && issued === null && <RotateKey of={of} onIssued={setIssued} />}
          <RevokeKey of={of} />
        </>
      )}
    </>
  )
}

function RevokeKey({ of }: { of: Key }) {
  const { t } = useTranslation('keys')
  const [isAsked, setIsAsked] = useState(false)
  const revoke = useSend(() => revokeKey(of.id), ['keys', 'tenants'], t('revoke.done'))
  return (
    <Section title={t('revoke.title')}>
      <p className="text-muted">{t('revoke.hint')}</p>
      <Button variant="danger" className="self-start" onClick={() => setIsAsked(true)}>
        {t('revoke.action')}
      </Button>
      {isAsked && (
        <ConfirmByTyping
          title={t('revoke.title')}
          name={of.name}
          action={t('revoke.action')}
          act={() => revoke()}
          onClose={() => setIsAsked(false)}
        >
          <p>{t('revoke.text')}</p>
        </ConfirmByTyping>
      )}
    </Section>
  )
}

import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { BudgetsSection } from '~/features/shared/budgets'
import { KeysOfTenant } from '~/features/shared/keys-of-tenant'
import { RightsFacts } from '~/features/shared/rights'
import { SecretOnce } from '~/features/shared/secret-once'
import { useMay } from '~/session/session'
import { Count } from '~/ui/amounts'
import { Button } from '~/ui/button'
import { ConfirmButton } from '~/ui/confirm-button'
import { ConfirmByTyping } from '~/ui/confirm-by-typing'
import { CopyId } from '~/ui/copy-id'
import { Drawer } from '~/ui/drawer'
import { ErrorPanel } from '~/ui/error-panel'
import { Facts } from '~/ui/facts'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { Skeleton } from '~/ui/skeleton'
import { StatusBadge } from '~/ui/status-badge'
import { useAct, useSend } from '~/ui/use-act'
import { changeTenant, deleteTenant, newWebhookSecret, type Tenant, useTenant } from './queries'
import { TenantForm } from './tenant-form'

/** A tenant: what it may do, its keys and budgets, and what can be done about it. */
export function TenantDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation(['tenants', 'common'])
  const query = useTenant(id)
  const [isEdited, setIsEdited] = useState(false)
  const change = useSend(
    (body: Parameters<typeof changeTenant>[1]) => changeTenant(id, body),
    ['tenants'],
    t('common:state.saved'),
  )
  const tenant = query.data
  return (
    <Drawer title={tenant?.name ?? id} subtitle={<CopyId id={id} isWhole />} onClose={onClose}>
      {query.error && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton />}
      {tenant && isEdited && (
        <TenantForm
          tenant={tenant}
          submit={t('common:action.save')}
          send={async (body) => {
            await change(body)
            setIsEdited(false)
          }}
          onCancel={() => setIsEdited(false)}
        />
      )}
      {tenant && !isEdited && (
        <TenantDetails tenant={tenant} onEdit={() => setIsEdited(true)} onClose={onClose} />
      )}
    </Drawer>
  )
}

function TenantDetails({
  tenant,
  onEdit,
  onClose,
}: {
  tenant: Tenant
  onEdit: () => void
  onClose: () => void
}) {
  const { t } = useTranslation(['tenants', 'common'])
  const { operate } = useMay()
  const isActive = tenant.status === 'active'
  const toggle = useAct(
    () => changeTenant(tenant.id, { status: isActive ? 'suspended' : 'active' }),
    ['tenants'],
    t(isActive ? 'suspend.done' : 'activate.done'),
  )
  return (
    <>
      <Section
        title={t('section.about')}
        actions={operate && <Button onClick={onEdit}>{t('common:action.edit')}</Button>}
      >
        <Facts
          items={[
            [t('common:filter.status'), <StatusBadge key="status" status={tenant.status} />],
            [t('column.unfinished'), <Unfinished key="tasks" tenant={tenant} />],
            [
              t('form.archive'),
              tenant.archive === 'off' || tenant.archive_days === null
                ? t(tenant.archive === 'off' ? 'archive.off' : 'archive.on')
                : t('archive.days', { count: tenant.archive_days }),
            ],
            [t('column.created'), <RelativeTime key="created" at={tenant.created_at} />],
          ]}
        />
        <RightsFacts rights={tenant} />
        {Object.keys(tenant.metadata).length > 0 && (
          <pre className="overflow-x-auto rounded bg-raised p-2 text-xs">
            {JSON.stringify(tenant.metadata, null, 2)}
          </pre>
        )}
      </Section>
      <KeysOfTenant tenantId={tenant.id} />
      <BudgetsSection tenantId={tenant.id} />
      {operate && (
        <>
          <WebhookSecret tenantId={tenant.id} />
          <Section title={t('section.end')}>
            <div className="flex flex-wrap items-center gap-2">
              {isActive ? (
                <ConfirmButton
                  label={t('suspend.action')}
                  question={t('suspend.question')}
                  isBusy={toggle.isPending}
                  onConfirm={() => toggle.mutate()}
                />
              ) : (
                <Button isBusy={toggle.isPending} onClick={() => toggle.mutate()}>
                  {t('activate.action')}
                </Button>
              )}
              <DeleteTenant tenant={tenant} onDeleted={onClose} />
            </div>
            <p className="text-muted">{t('suspend.hint')}</p>
          </Section>
        </>
      )}
    </>
  )
}

function Unfinished({ tenant }: { tenant: Tenant }) {
  const { t } = useTranslation('tenants')
  return (
    <>
      <Count value={tenant.counts?.unfinished_tasks} />{' '}
      <Link to="/tasks" search={{ tenant: tenant.id }} className="text-accent hover:underline">
        {t('link.tasks')}
      </Link>{' '}
      ·{' '}
      <Link to="/usage" search={{ tenant: tenant.id }} className="text-accent hover:underline">
        {t('link.usage')}
      </Link>
    </>
  )
}

function WebhookSecret({ tenantId }: { tenantId: string }) {
  const { t } = useTranslation('tenants')
  const [secret, setSecret] = useState<string | null>(null)
  const rotate = useAct(() => newWebhookSecret(tenantId), ['tenants'])
  return (
    <Section title={t('webhook.title')}>
      <p className="text-muted">{t('webhook.hint')}</p>
      {secret ? (
        <SecretOnce label={t('webhook.secret')} secret={secret} onSaved={() => setSecret(null)} />
      ) : (
        <ConfirmButton
          className="self-start"
          label={t('webhook.action')}
          question={t('webhook.question')}
          isBusy={rotate.isPending}
          onConfirm={() => rotate.mutate(undefined, { onSuccess: (answer) => setSecret(answer.secret) })}
        />
      )}
    </Section>
  )
}

function DeleteTenant({ tenant, onDeleted }: { tenant: Tenant; onDeleted: () => void }) {
  const { t } = useTranslation('tenants')
  const [isAsked, setIsAsked] = useState(false)
  const [isErased, setIsErased] = useState(false)
  const remove = useSend(
    () => deleteTenant(tenant.id, isErased),
    ['tenants', 'keys'],
    t('delete.done'),
    tenant.id,
  )
  return (
    <>
      <Button variant="danger" onClick={() => setIsAsked(true)}>
        {t('delete.action')}
      </Button>
      {isAsked && (
        <ConfirmByTyping
          title={t('delete.title')}
          name={tenant.name}
          action={t('delete.action')}
          act={async () => {
            await remove()
            onDeleted()
          }}
          onClose={() => setIsAsked(false)}
        >
          <p>{t('delete.text')}</p>
          <label className="flex items-start gap-2 text-ink">
            <input
              type="checkbox"
              checked={isErased}
              onChange={(event) => setIsErased(event.target.checked)}
              className="mt-0.5 size-4 accent-accent"
            />
            <span>{t('delete.erase')}</span>
          </label>
        </ConfirmByTyping>
      )}
    </>
  )
}

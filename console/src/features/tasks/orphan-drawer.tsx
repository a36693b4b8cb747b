import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { TenantPicker } from '~/features/shared/tenant-picker'
import { useMay } from '~/session/session'
import { ConfirmButton } from '~/ui/confirm-button'
import { CopyId } from '~/ui/copy-id'
import { Drawer } from '~/ui/drawer'
import { Facts } from '~/ui/facts'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { RowDrawer } from '~/ui/row-drawer'
import { StatusBadge } from '~/ui/status-badge'
import { say } from '~/ui/toast'
import { useAct } from '~/ui/use-act'
import { adoptOrphan, type Orphan, useOrphan } from './orphans'

const OUTCOMES = ['owned', 'not_found', 'in_flight', 'deleted', 'failed'] as const

/** One upstream task without an owner: which creates may have made it, and the ways to give it an owner. */
export function OrphanDrawer({
  id,
  listed,
  onClose,
}: {
  id: string
  listed: Orphan | undefined
  onClose: () => void
}) {
  const { t } = useTranslation(['tasks', 'common'])
  const { operate } = useMay()
  return (
    <RowDrawer title={t('orphan.title')} id={id} query={useOrphan(id, listed)} onClose={onClose}>
      {(orphan) => (
        <Drawer title={t('orphan.title')} subtitle={<CopyId id={id} isWhole />} onClose={onClose}>
          <Facts
            items={[
              [t('common:filter.status'), <StatusBadge key="status" status={orphan.status} />],
              [t('column.model'), orphan.model],
              [t('drawer.tier'), orphan.service_tier],
              [t('column.channel'), <CopyId key="channel" id={orphan.channel_id} />],
              [t('column.created'), <RelativeTime key="created" at={orphan.created_at} />],
              [t('orphan.firstSeen'), <RelativeTime key="first" at={orphan.first_seen_at} />],
              [t('orphan.lastSeen'), <RelativeTime key="last" at={orphan.last_seen_at} />],
            ]}
          />
          <Section title={t('orphan.creates')}>
            {orphan.possible_tasks.length === 0 && <p className="text-muted">{t('orphan.noCreates')}</p>}
            <ul className="flex flex-col gap-1">
              {orphan.possible_tasks.map((task) => (
                <li key={task}>
                  <Link
                    to="/tasks"
                    search={{ tab: 'orphans', show: task, upstream: id }}
                    className="break-all font-mono text-accent text-xs hover:underline"
                  >
                    {task}
                  </Link>
                </li>
              ))}
            </ul>
          </Section>
          {operate && <Adoption orphan={orphan} onDone={onClose} />}
          <p className="text-muted">{t('orphan.goes')}</p>
        </Drawer>
      )}
    </RowDrawer>
  )
}

/** Gives it to a tenant whose create left no trace, as after a restore. */
function Adoption({ orphan, onDone }: { orphan: Orphan; onDone: () => void }) {
  const { t } = useTranslation(['tasks', 'common'])
  const [tenant, setTenant] = useState<string | undefined>(undefined)
  const adopt = useAct(
    (tenantId: string) => adoptOrphan(orphan, tenantId),
    ['orphans', 'tasks', 'summary', 'usage'],
  )
  const outcome = adopt.data?.outcome
  const known = OUTCOMES.find((each) => each === outcome)
  return (
    <Section title={t('adopt.title')}>
      <p className="text-muted">{t('adopt.hint')}</p>
      <div className="flex flex-wrap items-end gap-2">
        <TenantPicker
          label={t('column.tenant')}
          value={tenant}
          placeholder={t('adopt.choose')}
          onChange={(id) => setTenant(id || undefined)}
        />
        {tenant && (
          <ConfirmButton
            label={t('adopt.action')}
            question={t('adopt.question')}
            isBusy={adopt.isPending}
            onConfirm={() =>
              adopt.mutate(tenant, {
                onSuccess: (result) => {
                  if (result.outcome !== 'adopted' && result.outcome !== 'own') return
                  say(t('adopt.done'))
                  onDone()
                },
              })
            }
          />
        )}
      </div>
      {known && (
        <p role="alert" className="text-bad">
          {t(`adopt.outcome.${known}`)} {adopt.data?.detail}
        </p>
      )}
    </Section>
  )
}

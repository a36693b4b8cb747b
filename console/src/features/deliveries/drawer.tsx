import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { asApiError } from '~/api/errors'
import { TenantName } from '~/features/shared/tenant-name'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { CopyId } from '~/ui/copy-id'
import { Drawer } from '~/ui/drawer'
import { ErrorPanel } from '~/ui/error-panel'
import { Facts } from '~/ui/facts'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { RowDrawer } from '~/ui/row-drawer'
import { StatusBadge } from '~/ui/status-badge'
import { useAct } from '~/ui/use-act'
import { type Delivery, readDelivery, resend, useDelivery } from './queries'
import { resultOf, stateOf } from './state'

/** The drawer of the callback that the address names. */
export function DeliveryById({
  id,
  listed,
  onClose,
}: {
  id: string
  listed: Delivery | undefined
  onClose: () => void
}) {
  const { t } = useTranslation('deliveries')
  return (
    <RowDrawer title={t('drawer.title')} id={id} query={useDelivery(id, listed)} onClose={onClose}>
      {(delivery) => <DeliveryDrawer delivery={delivery} onClose={onClose} />}
    </RowDrawer>
  )
}

/** One callback: where it goes, how its attempts ended, and the way to send it again. */
function DeliveryDrawer({ delivery, onClose }: { delivery: Delivery; onClose: () => void }) {
  const { t } = useTranslation(['deliveries', 'common'])
  const { operate } = useMay()
  const again = useAct(() => resend({ ids: [delivery.id] }), ['deliveries', 'summary'], t('resend.done'))
  return (
    <Drawer
      title={t('drawer.title')}
      subtitle={<CopyId id={delivery.id} isWhole />}
      onClose={onClose}
      actions={
        operate && (
          <Button isBusy={again.isPending} onClick={() => again.mutate()}>
            {t('resend.one')}
          </Button>
        )
      }
    >
      <Facts
        items={[
          [t('common:filter.status'), <StatusBadge key="status" status={stateOf(delivery)} />],
          [t('column.endpoint'), delivery.origin],
          [t('column.tenant'), <TenantName key="tenant" id={delivery.tenant_id} />],
          [
            t('column.task'),
            delivery.task_id && (
              <Link
                key="task"
                to="/tasks"
                search={{ show: delivery.task_id }}
                className="font-mono text-accent text-xs hover:underline"
              >
                {delivery.task_id}
              </Link>
            ),
          ],
          [t('column.attempts'), delivery.attempts],
          [t('column.result'), resultOf(delivery)],
          [t('drawer.nextAttempt'), <RelativeTime key="next" at={delivery.next_attempt_at} />],
          [t('drawer.delivered'), <RelativeTime key="delivered" at={delivery.delivered_at} />],
          [t('column.created'), <RelativeTime key="created" at={delivery.created_at} />],
        ]}
      />
      {operate && <Body id={delivery.id} />}
    </Drawer>
  )
}

/** What is posted, after a click that the audit log records: it may have links to a clip. */
function Body({ id }: { id: string }) {
  const { t } = useTranslation('deliveries')
  const look = useMutation({ mutationFn: () => readDelivery(id) })
  if (look.data) {
    return (
      <Section title={t('body.title')}>
        <pre className="whitespace-pre-wrap break-all rounded border border-line bg-raised p-2 text-xs">
          {JSON.stringify(JSON.parse(look.data.body), null, 2)}
        </pre>
      </Section>
    )
  }
  return (
    <>
      {look.error && <ErrorPanel error={asApiError(look.error)} />}
      <Button className="self-start" isBusy={look.isPending} onClick={() => look.mutate()}>
        {t('body.show')}
      </Button>
      <p className="text-muted text-xs">{t('body.audited')}</p>
    </>
  )
}

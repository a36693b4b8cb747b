import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { asApiError } from '~/api/errors'
import { TenantName } from '~/features/shared/tenant-name'
import { useMay } from '~/session/session'
import { Count, Money } from '~/ui/amounts'
import { Button } from '~/ui/button'
import { ConfirmButton } from '~/ui/confirm-button'
import { CopyButton, CopyId } from '~/ui/copy-id'
import { Drawer } from '~/ui/drawer'
import { ErrorPanel } from '~/ui/error-panel'
import { Facts } from '~/ui/facts'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { Skeleton } from '~/ui/skeleton'
import { StatusBadge } from '~/ui/status-badge'
import { useAct } from '~/ui/use-act'
import { TaskHistory } from './history'
import { TaskMedia } from './media'
import { cancelTask, isFinal, refreshTask, type TaskDetail, useTask } from './queries'
import { ResolveForm } from './resolve-form'

/** One task: what it is, its clip, its history, what it cost, and what an operator can do about it. */
export function TaskDrawer({
  id,
  upstreamId,
  onClose,
}: {
  id: string
  /** An orphan that may be what its create made. */
  upstreamId?: string
  onClose: () => void
}) {
  const { t } = useTranslation(['tasks', 'common'])
  const task = useTask(id)
  return (
    <Drawer
      title={t('drawer.title')}
      subtitle={<CopyId id={id} isWhole />}
      isWide
      onClose={onClose}
      actions={task.data && <Actions task={task.data} />}
    >
      {task.error && <ErrorPanel error={asApiError(task.error)} onRetry={() => void task.refetch()} />}
      {task.isPending && <Skeleton />}
      {task.data && <Content task={task.data} upstreamId={upstreamId} />}
    </Drawer>
  )
}

function Actions({ task }: { task: TaskDetail }) {
  const { t } = useTranslation(['tasks', 'common'])
  const { operate } = useMay()
  const refresh = useAct(() => refreshTask(task.id), ['tasks'], t('act.refreshed'))
  const cancel = useAct(() => cancelTask(task.id), ['tasks'], t('act.cancelled'))
  const command = `curl -H "Authorization: Bearer $SEEDGATE_ADMIN_TOKEN" '${window.location.origin}/admin/v1/tasks/${task.id}'`
  return (
    <>
      <CopyButton text={command} label={t('act.curl')} />
      {operate && !isFinal(task.status) && task.upstream_id !== null && (
        <Button isBusy={refresh.isPending} onClick={() => refresh.mutate()}>
          {t('act.refresh')}
        </Button>
      )}
      {operate && task.status === 'queued' && (
        <ConfirmButton
          label={t('act.cancel')}
          question={t('act.cancelQuestion')}
          isBusy={cancel.isPending}
          onConfirm={() => cancel.mutate()}
        />
      )}
    </>
  )
}

function Content({ task, upstreamId }: { task: TaskDetail; upstreamId: string | undefined }) {
  const { t } = useTranslation(['tasks', 'common'])
  const { operate } = useMay()
  return (
    <>
      <TaskFacts task={task} />
      {operate && task.status === 'unknown' && <ResolveForm task={task} upstreamId={upstreamId} />}
      {operate && task.status === 'succeeded' && (
        <Section title={t('media.title')}>
          <TaskMedia id={task.id} />
        </Section>
      )}
      {task.history.length > 0 && (
        <Section title={t('drawer.history')}>
          <TaskHistory history={task.history} />
        </Section>
      )}
      {task.ledger.length > 0 && (
        <Section title={t('drawer.cost')}>
          <Costs ledger={task.ledger} />
        </Section>
      )}
      {Object.keys(task.parameters).length > 0 && (
        <Section title={t('drawer.parameters')}>
          <Facts
            items={Object.entries(task.parameters).map(([name, value]) => [name, JSON.stringify(value)])}
          />
        </Section>
      )}
    </>
  )
}

function TaskFacts({ task }: { task: TaskDetail }) {
  const { t } = useTranslation(['tasks', 'common'])
  const error = task.error as { code?: unknown; message?: unknown } | null
  return (
    <Facts
      items={[
        [t('common:filter.status'), <StatusBadge key="status" status={task.status} />],
        ...(error
          ? [[t('drawer.error'), `${String(error.code ?? '')} ${String(error.message ?? '')}`] as const]
          : []),
        [t('column.tenant'), <TenantName key="tenant" id={task.tenant_id} />],
        [
          t('column.key'),
          <Link
            key="key"
            to="/keys"
            search={{ show: task.key_id }}
            className="font-mono text-accent text-xs hover:underline"
          >
            {task.key_id}
          </Link>,
        ],
        [
          t('column.model'),
          task.model === task.upstream_model ? task.model : `${task.model} → ${task.upstream_model}`,
        ],
        [t('column.channel'), task.channel_name],
        [t('drawer.tier'), task.service_tier],
        [t('drawer.upstreamId'), task.upstream_id && <CopyId id={task.upstream_id} isWhole />],
        [t('drawer.spareId'), <CopyId key="spare" id={task.spare_id} isWhole />],
        [t('drawer.callback'), task.callback_origin],
        [t('column.created'), <RelativeTime key="created" at={task.created_at} />],
        [t('drawer.polled'), <RelativeTime key="polled" at={task.polled_at} />],
        ...(isFinal(task.status)
          ? [[t('drawer.finished'), <RelativeTime key="finished" at={task.finished_at} />] as const]
          : [[t('drawer.nextPoll'), <RelativeTime key="next" at={task.next_poll_at} />] as const]),
        ...(task.deleted_at
          ? [[t('drawer.deleted'), <RelativeTime key="deleted" at={task.deleted_at} />] as const]
          : []),
      ]}
    />
  )
}

function Costs({ ledger }: { ledger: TaskDetail['ledger'] }) {
  const { t } = useTranslation('tasks')
  return (
    <Facts
      items={ledger.map((entry) => [
        t(entry.kind === 'correction' ? 'cost.correction' : 'cost.settlement'),
        <span key={entry.id}>
          <Count value={entry.total_tokens} /> {t('cost.tokens')} ·{' '}
          <Money micros={entry.cost_micros} currency={entry.currency} />
          {entry.is_estimated && <span className="text-warn"> · {t('cost.estimated')}</span>}
          {entry.note && <span className="block text-muted">{entry.note}</span>}
        </span>,
      ])}
    />
  )
}

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asApiError } from '~/api/errors'
import { useMay } from '~/session/session'
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
import { Badge } from '~/ui/status-badge'
import { sayingErrors } from '~/ui/toast'
import { useAct, useSend } from '~/ui/use-act'
import { ChannelForm } from './form'
import { ChannelState, Health } from './health'
import {
  type Channel,
  type ChannelChange,
  changeChannel,
  checkChannel,
  createChannel,
  deleteChannel,
  useChannel,
} from './queries'

const CHANGED = ['channels', 'summary']

export function NewChannelDrawer({
  onCreated,
  onClose,
}: {
  onCreated: (id: string) => void
  onClose: () => void
}) {
  const { t } = useTranslation(['channels', 'common'])
  const create = useSend(createChannel, CHANGED, t('new.done'))
  return (
    <Drawer title={t('new.title')} onClose={onClose}>
      <ChannelForm
        submit={t('common:action.create')}
        send={async (body) => onCreated((await create(body)).id)}
        onCancel={onClose}
      />
    </Drawer>
  )
}

/** One upstream account: its health, its last errors, and what can be done about it. */
export function ChannelDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation(['channels', 'common'])
  const [isEdited, setIsEdited] = useState(false)
  const [isDeleting, setIsDeleting] = useState(false)
  const { operate } = useMay()
  const channel = useChannel(id, { isWatched: !isDeleting })
  const change = useSend((body: ChannelChange) => changeChannel(id, body), CHANGED, t('common:state.saved'))
  return (
    <Drawer
      title={channel.data?.name ?? t('drawer.title')}
      subtitle={<CopyId id={id} isWhole />}
      onClose={onClose}
      actions={
        operate &&
        channel.data &&
        !isEdited && <Button onClick={() => setIsEdited(true)}>{t('common:action.edit')}</Button>
      }
    >
      {channel.error && (
        <ErrorPanel error={asApiError(channel.error)} onRetry={() => void channel.refetch()} />
      )}
      {channel.isPending && <Skeleton />}
      {channel.data && isEdited && (
        <ChannelForm
          channel={channel.data}
          submit={t('common:action.save')}
          send={async (body) => {
            await change(body)
            setIsEdited(false)
          }}
          onCancel={() => setIsEdited(false)}
        />
      )}
      {channel.data && !isEdited && (
        <>
          <ChannelFacts channel={channel.data} />
          <Health health={channel.data.health} />
          <Faults faults={channel.data.health.faults} />
          {operate && (
            <>
              <Acts channel={channel.data} onDelete={() => setIsDeleting(true)} />
              {isDeleting && (
                <Deletion channel={channel.data} onDeleted={onClose} onEnd={() => setIsDeleting(false)} />
              )}
            </>
          )}
        </>
      )}
    </Drawer>
  )
}

function ChannelFacts({ channel }: { channel: Channel }) {
  const { t } = useTranslation(['channels', 'common'])
  const held = (isHeld: boolean) => t(isHeld ? 'secret.stored' : 'secret.missing')
  return (
    <Facts
      items={[
        [t('common:filter.status'), <ChannelState key="state" channel={channel} />],
        ...(channel.status_reason ? [[t('drawer.reason'), channel.status_reason] as const] : []),
        [
          t('form.arkBaseUrl'),
          <code key="ark" className="break-all text-xs">
            {channel.ark_base_url}
          </code>,
        ],
        [
          t('form.openapiUrl'),
          <code key="open" className="break-all text-xs">
            {channel.openapi_url}
          </code>,
        ],
        [t('form.ark_api_key'), held(channel.has_ark_api_key)],
        [t('form.access_key_id'), held(channel.has_access_key)],
        [t('form.region'), channel.region],
        [t('form.priority'), `${channel.priority} · ${t('form.weight')} ${channel.weight}`],
        [t('form.projects'), channel.projects.join(', ')],
        [t('form.correlate'), t(`correlate.${channel.correlate === 'off' ? 'off' : 'safety_identifier'}`)],
        [t('form.exclusive'), t(channel.exclusive ? 'common:state.yes' : 'common:state.no')],
        [t('drawer.created'), <RelativeTime key="created" at={channel.created_at} />],
      ]}
    />
  )
}

function Faults({ faults }: { faults: Channel['health']['faults'] }) {
  const { t } = useTranslation('channels')
  return (
    <Section title={t('faults.title')}>
      {faults.length === 0 && <p className="text-muted">{t('faults.none')}</p>}
      <ul className="flex flex-col gap-2">
        {faults.map((fault) => (
          <li
            key={`${fault.operation} ${fault.status} ${fault.code}`}
            className="flex flex-col gap-0.5 rounded-md border border-line px-3 py-2"
          >
            <span className="flex flex-wrap items-baseline gap-x-2">
              <code className="text-xs">{fault.operation}</code>
              <span className="font-medium">
                {fault.status} {fault.code}
              </span>
              <span className="ml-auto text-muted">
                {t('faults.times', { count: fault.times })} · <RelativeTime at={fault.last_at} />
              </span>
            </span>
            <span className="break-words text-muted">{fault.message}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Acts({ channel, onDelete }: { channel: Channel; onDelete: () => void }) {
  const { t } = useTranslation('channels')
  const isActive = channel.status === 'active'
  const change = useAct(
    () => changeChannel(channel.id, { status: isActive ? 'suspended' : 'active' }),
    CHANGED,
    t(isActive ? 'act.suspended' : 'act.activated'),
  )
  return (
    <>
      <Check id={channel.id} />
      <div className="flex flex-wrap gap-2 border-line border-t pt-3">
        {isActive ? (
          <ConfirmButton
            label={t('act.suspend')}
            question={t('act.suspendQuestion')}
            isBusy={change.isPending}
            onConfirm={() => change.mutate()}
          />
        ) : (
          <Button isBusy={change.isPending} onClick={() => change.mutate()}>
            {t('act.activate')}
          </Button>
        )}
        <Button variant="danger" onClick={onDelete}>
          {t('act.delete')}
        </Button>
      </div>
    </>
  )
}

function Deletion({
  channel,
  onDeleted,
  onEnd,
}: {
  channel: Channel
  onDeleted: () => void
  onEnd: () => void
}) {
  const { t } = useTranslation('channels')
  const remove = useSend(() => deleteChannel(channel.id), CHANGED, t('act.deleted'), channel.id)
  return (
    <ConfirmByTyping
      title={t('act.delete')}
      name={channel.name}
      action={t('act.delete')}
      act={async () => {
        await remove()
        onDeleted()
      }}
      onClose={onEnd}
    >
      <p>{t('act.deleteHint')}</p>
    </ConfirmByTyping>
  )
}

function Check({ id }: { id: string }) {
  const { t } = useTranslation('channels')
  const check = useMutation({ mutationFn: () => checkChannel(id), ...sayingErrors })
  return (
    <Section
      title={t('check.title')}
      actions={
        <Button isBusy={check.isPending} onClick={() => check.mutate()}>
          {t('check.run')}
        </Button>
      }
    >
      {!check.data && <p className="text-muted">{t('check.hint')}</p>}
      <ul aria-live="polite" className="flex flex-col gap-1">
        {check.data &&
          (['ark', 'openapi'] as const).map((plane) => (
            <li key={plane} className="flex flex-wrap items-baseline gap-2">
              <Badge tone={check.data[plane].ok ? 'good' : 'bad'}>{t(`check.${plane}`)}</Badge>
              <span className="break-words">{check.data[plane].detail}</span>
            </li>
          ))}
      </ul>
    </Section>
  )
}

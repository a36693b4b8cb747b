import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { api } from '~/api/client'
import { Count } from '~/ui/amounts'
import { ClipPlayer } from '~/ui/clip-player'
import { CopyId } from '~/ui/copy-id'
import { ErrorPanel } from '~/ui/error-panel'
import { Facts } from '~/ui/facts'
import { Section } from '~/ui/page'
import { RelativeTime, useNow } from '~/ui/relative-time'
import { Skeleton } from '~/ui/skeleton'
import { StatusBadge } from '~/ui/status-badge'
import { durationText } from '~/ui/time'
import { isUnfinished, type Task, useWatchedTask } from './queries'

/** A task on its way, and its video when it is there. */
export function WatchedTask({ tenant, id }: { tenant: typeof api; id: string }) {
  const { t } = useTranslation('playground')
  const queries = useQueryClient()
  const query = useWatchedTask(tenant, id)
  const task = query.data
  const hasEnded = task !== undefined && !isUnfinished(task)

  useEffect(() => {
    if (hasEnded) void queries.invalidateQueries({ queryKey: ['playground', 'recent'] })
  }, [hasEnded, queries])

  return (
    <Section title={t('task.title')}>
      {query.error && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton rows={3} />}
      {task && (
        <>
          <Facts
            items={[
              ['ID', <CopyId key="id" id={task.id} isWhole />],
              [t('task.status'), <Progress key="status" task={task} />],
              [t('task.created'), <RelativeTime key="created" at={task.created_at} />],
              [t('task.tokens'), <Count key="tokens" value={task.usage?.total_tokens} />],
            ]}
          />
          {task.error && (
            <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-bad">
              {task.error.message} <span className="text-muted">{task.error.code}</span>
            </p>
          )}
          {task.content?.video_url && (
            <ClipPlayer
              clip={task.content.video_url}
              lastFrame={task.content.last_frame_url}
              expiresAt={task.content.expires_at}
            />
          )}
        </>
      )}
    </Section>
  )
}

function Progress({ task }: { task: Task }) {
  const now = useNow()
  const ended = isUnfinished(task) ? now.getTime() / 1000 : task.updated_at
  return (
    <span className="inline-flex items-center gap-2" aria-live="polite">
      <StatusBadge status={task.status} />
      <span className="text-muted tabular-nums">{durationText(ended - task.created_at)}</span>
    </span>
  )
}

import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/button'
import { ConfirmByTyping } from '~/ui/confirm-by-typing'
import { CopyId } from '~/ui/copy-id'
import { ErrorPanel } from '~/ui/error-panel'
import { ApiForm } from '~/ui/form/api-form'
import { FormActions, TextField } from '~/ui/form/fields'
import { text } from '~/ui/form/schemas'
import { z } from '~/ui/form/zod'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { StatusBadge } from '~/ui/status-badge'
import { useSend } from '~/ui/use-act'
import { useCandidates } from './orphans'
import { resolveTask, type TaskDetail } from './queries'

const found = z.object({ upstream_id: text() })
const CHANGED = ['tasks', 'orphans', 'summary', 'usage']

/** Ends an unknown outcome: names the upstream's task that the create made, or says that it made none. */
export function ResolveForm({ task, upstreamId }: { task: TaskDetail; upstreamId: string | undefined }) {
  const { t } = useTranslation(['tasks', 'common'])
  // Counted, so that a choice fills the field again after it was changed by hand.
  const [chosen, setChosen] = useState({ id: upstreamId ?? task.claimed_upstream_id ?? '', count: 0 })
  const [isDenying, setIsDenying] = useState(false)
  const resolve = useSend(
    (body: { upstream_id: string } | { absent: true }) => resolveTask(task.id, body),
    CHANGED,
    t('resolve.done'),
  )
  return (
    <Section title={t('resolve.title')}>
      <p className="text-muted">{t('resolve.why')}</p>
      <Candidates taskId={task.spare_id} onChoose={(id) => setChosen({ id, count: chosen.count + 1 })} />
      <ApiForm
        key={chosen.count}
        schema={found}
        values={{ upstream_id: chosen.id }}
        send={resolve}
        className="flex flex-col gap-2"
      >
        <TextField name="upstream_id" label={t('resolve.upstreamId')} hint={t('resolve.upstreamHint')} />
        <FormActions submit={t('resolve.take')} />
      </ApiForm>
      <div className="flex flex-col items-start gap-1 border-line border-t pt-3">
        <p className="text-muted">{t('resolve.absentHint')}</p>
        <Button variant="danger" onClick={() => setIsDenying(true)}>
          {t('resolve.absent')}
        </Button>
      </div>
      {isDenying && (
        <ConfirmByTyping
          title={t('resolve.absent')}
          name={task.id}
          action={t('resolve.absent')}
          act={() => resolve({ absent: true })}
          onClose={() => setIsDenying(false)}
        >
          <p>{t('resolve.absentHint')}</p>
        </ConfirmByTyping>
      )}
    </Section>
  )
}

/** The upstream's tasks that this create may have made, each with a click that fills it in. */
function Candidates({ taskId, onChoose }: { taskId: string; onChoose: (upstreamId: string) => void }) {
  const { t } = useTranslation('tasks')
  const { data, error, refetch } = useCandidates(taskId)
  if (error) return <ErrorPanel error={error} onRetry={() => void refetch()} />
  if (!data) return null
  if (data.length === 0) return <p className="text-muted">{t('resolve.noCandidates')}</p>
  return (
    <>
      <p>{t('resolve.candidates')}</p>
      <ul className="rounded-md border border-line">
        {data.map((orphan) => (
          <li
            key={`${orphan.channel_id} ${orphan.upstream_id}`}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-3 py-1.5 last:border-0"
          >
            <StatusBadge status={orphan.status} />
            <CopyId id={orphan.upstream_id} isWhole />
            <span className="text-muted">
              <RelativeTime at={orphan.created_at} />
            </span>
            <Button
              className="ml-auto"
              aria-label={t('resolve.chooseOne', { id: orphan.upstream_id })}
              onClick={() => onChoose(orphan.upstream_id)}
            >
              {t('resolve.choose')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  )
}

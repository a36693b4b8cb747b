import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { asApiError } from '~/api/errors'
import { Button } from '~/ui/button'
import { ClipPlayer } from '~/ui/clip-player'
import { ErrorPanel } from '~/ui/error-panel'
import { readMedia } from './queries'

/** The clip of a task, after a click that the audit log records. One click is one download of the upstream's. */
export function TaskMedia({ id }: { id: string }) {
  const { t } = useTranslation('tasks')
  const look = useMutation({ mutationFn: () => readMedia(id) })
  if (look.data) return <Results content={look.data.content} />
  return (
    <>
      {look.error && <ErrorPanel error={asApiError(look.error)} />}
      <Button className="self-start" isBusy={look.isPending} onClick={() => look.mutate()}>
        {t('media.play')}
      </Button>
      <p className="text-muted text-xs">{t('media.audited')}</p>
    </>
  )
}

function Results({ content }: { content: Record<string, unknown> | null }) {
  const { t } = useTranslation('tasks')
  const clip = linkOf(content, 'video_url')
  if (!clip) return <p className="text-muted">{t('media.none')}</p>
  const expiresAt = content?.expires_at
  return (
    <ClipPlayer
      clip={clip}
      lastFrame={linkOf(content, 'last_frame_url')}
      expiresAt={typeof expiresAt === 'number' ? expiresAt : undefined}
      isPlayed
    />
  )
}

function linkOf(content: Record<string, unknown> | null, name: string): string | null {
  const value = content?.[name]
  return typeof value === 'string' && /^https?:/.test(value) ? value : null
}

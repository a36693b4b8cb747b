import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button'
import { RelativeTime } from './relative-time'

/**
 * A clip and its last frame. Neither is fetched before a click: the upstream counts downloads.
 *
 * @param isPlayed plays at once, because the click that asked for the link was the click to play.
 * @param expiresAt until when the links work, Unix seconds.
 */
export function ClipPlayer({
  clip,
  lastFrame,
  expiresAt,
  isPlayed = false,
}: {
  clip: string
  lastFrame?: string | null
  expiresAt?: number
  isPlayed?: boolean
}) {
  const { t } = useTranslation()
  const [isFrameShown, setIsFrameShown] = useState(false)
  const [hasFailed, setHasFailed] = useState(false)
  return (
    <div className="flex flex-col gap-2">
      {/* biome-ignore lint/a11y/useMediaCaption: a generated video has no captions */}
      <video
        controls
        playsInline
        preload="none"
        src={clip}
        ref={isPlayed ? play : undefined}
        onError={() => setHasFailed(true)}
        aria-label={t('clip.label')}
        className="aspect-video max-h-96 w-full rounded-md bg-black"
      />
      {hasFailed && (
        <p role="alert" className="text-bad">
          {t('clip.gone')}
        </p>
      )}
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted">
        <a href={clip} target="_blank" rel="noreferrer" className="text-accent hover:underline">
          {t('clip.open')}
        </a>
        {expiresAt !== undefined && (
          <span>
            {t('clip.expires')} <RelativeTime at={expiresAt} />
          </span>
        )}
        {lastFrame && !isFrameShown && (
          <Button onClick={() => setIsFrameShown(true)}>{t('clip.showFrame')}</Button>
        )}
      </p>
      {lastFrame && isFrameShown && (
        <img src={lastFrame} alt={t('clip.lastFrame')} className="w-full rounded-md" />
      )}
    </div>
  )
}

function play(video: HTMLVideoElement | null): void {
  void video?.play().catch(() => undefined)
}

import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useIsAway } from '~/api/connection'

const TRY_AGAIN_MS = 3_000

/** Says that the gateway does not answer, asks until it does, and then reads anew what is shown. */
export function AwayBanner() {
  const { t } = useTranslation()
  const isAway = useIsAway()
  const queries = useQueryClient()

  useEffect(() => {
    if (!isAway) return
    const timer = setInterval(() => {
      fetch('/healthz', { cache: 'no-store' }).then(
        (response) => response.ok && void queries.invalidateQueries(),
        () => undefined,
      )
    }, TRY_AGAIN_MS)
    return () => clearInterval(timer)
  }, [isAway, queries])

  if (!isAway) return null
  return (
    <p
      role="status"
      className="pointer-events-none fixed bottom-3 left-1/2 z-50 w-max max-w-[calc(100vw-2rem)] -translate-x-1/2 rounded-md border border-warn/40 bg-warn-soft px-4 py-1.5 text-warn shadow-lg"
    >
      {t('away.banner')}
    </p>
  )
}

import { useTranslation } from 'react-i18next'
import type { ApiError } from '~/api/errors'
import { Button } from './button'
import { CopyId } from './copy-id'

/** An error in the API's own words, with the id under which the gateway's log has the request. */
export function ErrorPanel({ error, onRetry }: { error: ApiError; onRetry?: () => void }) {
  const { t } = useTranslation()
  return (
    <div role="alert" className="flex flex-col gap-1.5 rounded-md border border-bad/40 bg-bad-soft px-4 py-3">
      <p className="font-medium text-bad">{error.isAway ? t('away.title') : error.message}</p>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted">
        <span>{error.status > 0 ? `${error.status} ${error.code}` : t('away.hint')}</span>
        {error.requestId && (
          <span className="inline-flex items-center gap-1">
            {t('error.requestId')} <CopyId id={error.requestId} isWhole />
          </span>
        )}
        {onRetry && (
          <Button className="ml-auto" onClick={onRetry}>
            {t('action.retry')}
          </Button>
        )}
      </p>
    </div>
  )
}

import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { type Finding, useSummary } from '~/features/shared/summary'
import { TenantName } from '~/features/shared/tenant-name'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { ErrorPanel } from '~/ui/error-panel'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { useAct } from '~/ui/use-act'
import { resend } from './queries'

/** The endpoints that accept nothing, the worst first, each with the way to send all of it again. */
export function FailingEndpoints() {
  const { t } = useTranslation('deliveries')
  const { data, error, refetch } = useSummary('day')
  const failing = data?.findings?.filter(({ kind }) => kind === 'failing_endpoint') ?? []
  // An API that is away is said by the list.
  if (error && !error.isAway) return <ErrorPanel error={error} onRetry={() => void refetch()} />
  if (failing.length === 0) return null
  return (
    <Section title={t('failing.title')}>
      <ul className="rounded-md border border-line bg-surface">
        {failing.map((finding) => (
          <FailingEndpoint key={`${finding.subject?.tenant_id} ${finding.subject?.id}`} finding={finding} />
        ))}
      </ul>
    </Section>
  )
}

function FailingEndpoint({ finding: { subject, count, since } }: { finding: Finding }) {
  const { t } = useTranslation('deliveries')
  const { operate } = useMay()
  const endpoint = subject?.id ?? ''
  const tenant = subject?.tenant_id ?? undefined
  const again = useAct(() => resend({ endpoint, tenant }), ['deliveries', 'summary'], t('resend.done'))
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-3 py-2 last:border-0">
      <Link to="/deliveries" search={{ endpoint, tenant }} className="break-all font-medium hover:underline">
        <bdi>{endpoint}</bdi>
      </Link>
      {tenant && <TenantName id={tenant} />}
      <span className="text-bad">{t('failing.count', { count })}</span>
      {since && (
        <span className="text-muted">
          {t('failing.since')} <RelativeTime at={since} />
        </span>
      )}
      {operate && (
        <Button className="ml-auto" isBusy={again.isPending} onClick={() => again.mutate()}>
          {t('resend.endpoint')}
        </Button>
      )}
    </li>
  )
}

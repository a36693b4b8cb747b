import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { carryOut, type Finding } from '~/features/shared/summary'
import { TenantName } from '~/features/shared/tenant-name'
import type overview from '~/i18n/en/overview.json'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { CopyButton } from '~/ui/copy-id'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { Badge } from '~/ui/status-badge'
import { useAct } from '~/ui/use-act'
import { canCarryOut, linkOf } from './finding-link'

type KnownKind = keyof typeof overview.finding

/** What needs a human, each with what ends it. */
export function Findings({ findings }: { findings: readonly Finding[] }) {
  const { t } = useTranslation('overview')
  return (
    <Section title={t('findings.title')}>
      {findings.length === 0 ? (
        <p className="rounded-md border border-line bg-surface px-3 py-2 text-good">{t('findings.none')}</p>
      ) : (
        <ul className="rounded-md border border-line bg-surface">
          {findings.map((finding) => (
            <FindingRow
              key={`${finding.kind} ${finding.subject?.tenant_id} ${finding.subject?.id}`}
              finding={finding}
            />
          ))}
        </ul>
      )}
    </Section>
  )
}

function FindingRow({ finding }: { finding: Finding }) {
  const { t, i18n } = useTranslation('overview')
  const { operate } = useMay()
  const end = useAct(() => carryOut(finding.act), ['summary', 'channels', 'deliveries'], t('findings.done'))
  const link = linkOf(finding)
  const isKnown = i18n.exists(`overview:finding.${finding.kind}`, { count: finding.count })
  const text = isKnown ? t(`finding.${finding.kind as KnownKind}`, { count: finding.count }) : finding.kind
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b px-3 py-2 last:border-0">
      <Badge tone={finding.severity === 'act' ? 'bad' : 'warn'}>{t(`severity.${finding.severity}`)}</Badge>
      <span className="font-medium">{text}</span>
      {finding.subject && <SubjectName subject={finding.subject} />}
      {finding.reason && <span className="break-words text-muted">{finding.reason}</span>}
      <span className="text-muted">{finding.since && <RelativeTime at={finding.since} />}</span>
      <span className="ml-auto flex flex-wrap items-center gap-2">
        {link && (
          <Button render={<Link to={link.to} search={link.search as never} />}>{t('findings.show')}</Button>
        )}
        {canCarryOut(finding) && operate ? (
          <Button isBusy={end.isPending} onClick={() => end.mutate()}>
            {actionLabel(finding, t)}
          </Button>
        ) : (
          !link && (
            <span className="inline-flex items-center gap-1">
              <code className="rounded bg-raised px-1.5 text-xs">{finding.act.command}</code>
              <CopyButton text={finding.act.command} />
            </span>
          )
        )}
      </span>
    </li>
  )
}

function SubjectName({ subject }: { subject: NonNullable<Finding['subject']> }) {
  if (subject.type === 'budget' && subject.tenant_id) return <TenantName id={subject.tenant_id} />
  const isEndpoint = subject.type === 'endpoint'
  return (
    <span className="break-all">
      {subject.name && <bdi>{subject.name}</bdi>}
      {subject.name && isEndpoint && ' · '}
      {(isEndpoint || !subject.name) && <bdi>{subject.id}</bdi>}
    </span>
  )
}

function actionLabel({ act }: Finding, t: (key: `act.${keyof typeof overview.act}`) => string): string {
  if (act.path?.endsWith('/check')) return t('act.check')
  if (act.path?.endsWith('/resend')) return t('act.resend')
  if (act.body?.status === 'active') return t('act.activate')
  return t('act.other')
}

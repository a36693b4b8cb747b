import { useTranslation } from 'react-i18next'
import { cx } from '~/ui/cx'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { Badge, StatusBadge } from '~/ui/status-badge'
import type { Channel } from './queries'

const CLASSES = ['interactive_get', 'poll_get', 'background_get', 'list', 'delete', 'list_assets'] as const
const NEARLY_ALL = 0.8

/** The state of a channel in a word or two: whether it takes creates, and whether its breaker stops them. */
export function ChannelState({ channel }: { channel: Channel }) {
  const { t } = useTranslation('channels')
  return (
    <span className="flex flex-wrap gap-1">
      <StatusBadge status={channel.status} />
      {channel.health.is_breaker_open && <Badge tone="bad">{t('health.breakerOpen')}</Badge>}
    </span>
  )
}

/** The largest part, in percent, that any kind of call uses of what the account allows at this moment. */
export function usedShare(health: Channel['health']): number {
  return percentOf(Math.max(0, ...Object.values(health.rates_used)))
}

/** How often the upstream has refused calls lately. */
export function errorsOf(health: Channel['health']): number {
  return health.faults.reduce((sum, fault) => sum + fault.times, 0)
}

const percentOf = (share: number) => Math.round(Math.min(1, share) * 100)

/** Why the breaker is open, and how much of the account's call rate is used at this moment. */
export function Health({ health }: { health: Channel['health'] }) {
  const { t } = useTranslation('channels')
  const nameOf = (name: string) => {
    const known = CLASSES.find((each) => each === name)
    return known ? t(`health.rate.${known}`) : name
  }
  return (
    <Section title={t('health.title')}>
      {health.is_breaker_open && (
        <p role="status" className="rounded-md bg-bad-soft px-3 py-2 text-bad">
          {t(`health.reason.${health.breaker_reason ?? 'unknown_outcomes'}`)}{' '}
          <RelativeTime at={health.breaker_opened_at} />
        </p>
      )}
      {!health.is_breaker_open && health.unknown_outcomes > 0 && (
        <p className="text-warn">{t('health.unknown', { count: health.unknown_outcomes })}</p>
      )}
      <ul className="flex flex-col gap-1.5">
        {Object.entries(health.rates_used).map(([name, share]) => (
          <Rate key={name} name={nameOf(name)} share={share} />
        ))}
      </ul>
    </Section>
  )
}

function Rate({ name, share }: { name: string; share: number }) {
  const percent = percentOf(share)
  return (
    <li className="grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)_3rem] items-center gap-3">
      <span className="text-muted">{name}</span>
      {/* biome-ignore lint/a11y/useSemanticElements: a <meter> cannot be drawn alike in all browsers */}
      <span
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        className="h-1.5 overflow-hidden rounded bg-raised"
      >
        <span
          className={cx('block h-full', share >= NEARLY_ALL ? 'bg-bad' : 'bg-accent')}
          style={{ width: `${percent}%` }}
        />
      </span>
      <span className="text-right tabular-nums">{percent} %</span>
    </li>
  )
}

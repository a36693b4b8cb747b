import { useTranslation } from 'react-i18next'
import type common from '~/i18n/en/common.json'
import { cx } from './cx'

type KnownStatus = keyof typeof common.status

const TONES = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  busy: 'bg-accent-soft text-accent',
  quiet: 'bg-raised text-muted',
} as const

export type Tone = keyof typeof TONES

/** The tone of each state that the API names. The words are in the texts of `common`, under `status`. */
const TONE_OF: Record<KnownStatus, Tone> = {
  active: 'good',
  suspended: 'warn',
  rotated: 'warn',
  revoked: 'quiet',
  expired: 'quiet',
  submitting: 'busy',
  unknown: 'bad',
  queued: 'busy',
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  processing: 'busy',
  pending: 'busy',
  failing: 'warn',
  delivered: 'good',
}

/** A state in one word. A state that this page does not know is shown as the API names it. */
export function StatusBadge({ status }: { status: string }) {
  const { t } = useTranslation()
  const key = status.toLowerCase()
  const isKnown = key in TONE_OF
  return (
    <Badge tone={isKnown ? TONE_OF[key as KnownStatus] : 'quiet'}>
      {isKnown ? t(`status.${key as KnownStatus}`) : status}
    </Badge>
  )
}

export function Badge({ tone = 'quiet', children }: { tone?: Tone; children: string }) {
  return (
    <span
      className={cx('inline-block whitespace-nowrap rounded px-1.5 py-px font-medium text-xs', TONES[tone])}
    >
      {children}
    </span>
  )
}

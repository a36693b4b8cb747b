import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { Money } from '~/ui/amounts'
import { cx } from '~/ui/cx'
import { RelativeTime } from '~/ui/relative-time'

export type Budget = Schemas['BudgetView']

export const PERIODS = ['day', 'month', 'total'] as const

/** What is used and held of a budget, in numbers and as a bar. */
export function BudgetMeter({ budget }: { budget: Budget }) {
  const { t } = useTranslation(['keys', 'common'])
  const { used_micros: used, held_micros: held, amount_micros: amount } = budget
  const share = (micros: number) => Math.min(100, (100 * micros) / amount)
  const isLow = used + held >= 0.8 * amount
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="font-medium">
          <Money micros={used} currency={budget.currency} /> /{' '}
          <Money micros={amount} currency={budget.currency} />
        </span>
        <span className="text-muted">
          {t(`budgets.period.${budget.period as (typeof PERIODS)[number]}`)} ·{' '}
          {t(budget.is_hard ? 'budgets.hard' : 'budgets.soft')}
          {budget.key_id && ` · ${t('budgets.ofKey')}`}
        </span>
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: a <meter> has one bar, not the used part and the held one */}
      <div
        role="meter"
        aria-label={t('budgets.usedShare')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share(used))}
        className="flex h-1.5 overflow-hidden rounded bg-raised"
      >
        <div className={cx('h-full', isLow ? 'bg-bad' : 'bg-accent')} style={{ width: `${share(used)}%` }} />
        <div
          className={cx('h-full opacity-40', isLow ? 'bg-bad' : 'bg-accent')}
          style={{ width: `${Math.min(share(held), 100 - share(used))}%` }}
        />
      </div>
      <p className="text-muted text-xs">
        {t('budgets.held')} <Money micros={held} currency={budget.currency} /> · {t('budgets.left')}{' '}
        <Money micros={budget.left_micros} currency={budget.currency} />
        {budget.period_ends_at && (
          <>
            {' · '}
            {t('budgets.ends')} <RelativeTime at={budget.period_ends_at} /> ({budget.time_zone})
          </>
        )}
      </p>
    </>
  )
}

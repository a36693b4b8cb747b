import { useTranslation } from 'react-i18next'
import { Count, Money } from '~/ui/amounts'
import type { DryRun } from './queries'

/** What the create would cost, as the dry run of this very form says; undefined: it has not answered yet. */
export function EstimateLine({
  dryRun,
  isRefused,
  isEmpty,
}: {
  dryRun: DryRun | undefined
  isRefused: boolean
  isEmpty: boolean
}) {
  const { t } = useTranslation('playground')
  if (isEmpty) return <span className="text-muted">{t('estimate.empty')}</span>
  if (isRefused) return <span className="text-bad">{t('estimate.refused')}</span>
  if (!dryRun) return <span className="text-muted">{t('estimate.reckoning')}</span>
  const { limits } = dryRun
  const { tokens_max, price_micros, currency, is_exact, unpriced } = dryRun.estimate
  const tooSmall = limits?.budgets.find(({ fits, is_hard }) => !fits && is_hard)
  return (
    <span data-estimate>
      {t(is_exact ? 'estimate.exact' : 'estimate.atMost')} <Count value={tokens_max} /> {t('estimate.tokens')}{' '}
      ·{' '}
      {price_micros === null ? (
        <span className="text-warn">{unpriced ?? t('estimate.unpriced')}</span>
      ) : (
        <span className="font-medium">
          <Money micros={price_micros} currency={currency} />
        </span>
      )}
      {tooSmall && (
        <span className="block text-bad">
          {t('estimate.overBudget')} <Money micros={tooSmall.left_micros} currency={tooSmall.currency} />
        </span>
      )}
    </span>
  )
}

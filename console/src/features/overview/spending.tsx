import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { BudgetMeter } from '~/features/shared/budget-meter'
import type { Summary } from '~/features/shared/summary'
import { TenantName } from '~/features/shared/tenant-name'
import { Count, Money } from '~/ui/amounts'
import { Section } from '~/ui/page'
import { Skeleton } from '~/ui/skeleton'

const SHOWN_BUDGETS = 4

/** What is spent today and this month, and the budgets that are used most. */
export function Spending({ spend, budgets }: Pick<Summary, 'spend' | 'budgets'>) {
  const { t } = useTranslation('overview')
  return (
    <Section title={t('spend.title')}>
      <div className="grid gap-3 sm:grid-cols-2">
        <Spent title={t('spend.today')} rows={spend.today} />
        <Spent title={t('spend.month')} rows={spend.month} />
      </div>
      {/* Its texts are those of keys, which come last; the page is there meanwhile. */}
      <Suspense fallback={<Skeleton rows={3} />}>
        <FullestBudgets budgets={budgets} />
      </Suspense>
    </Section>
  )
}

function Spent({ title, rows }: { title: string; rows: Summary['spend']['today'] }) {
  const { t } = useTranslation('overview')
  return (
    <div className="rounded-md border border-line bg-surface px-3 py-2">
      <h3 className="text-muted text-xs">{title}</h3>
      {rows.length === 0 && <p className="text-lg">–</p>}
      {rows.map((row) => (
        <div key={row.currency ?? ''}>
          <p className="text-lg leading-7">
            {row.currency ? <Money micros={row.cost_micros} currency={row.currency} /> : t('spend.unpriced')}
          </p>
          <p className="text-muted text-xs">
            {t('spend.tasks', { count: row.tasks })} · <Count value={row.total_tokens} /> {t('spend.tokens')}
          </p>
        </div>
      ))}
    </div>
  )
}

function FullestBudgets({ budgets }: { budgets: Summary['budgets'] }) {
  const { t } = useTranslation('overview')
  if (budgets.length === 0) return null
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      {budgets.slice(0, SHOWN_BUDGETS).map((budget) => (
        <div
          key={budget.id}
          className="flex flex-col gap-1.5 rounded-md border border-line bg-surface px-3 py-2"
        >
          <h3 className="text-muted text-xs">
            {t('spend.budgetOf')} <TenantName id={budget.tenant_id} />
          </h3>
          <BudgetMeter budget={budget} />
        </div>
      ))}
    </div>
  )
}

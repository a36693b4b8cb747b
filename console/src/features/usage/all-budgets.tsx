import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '~/api/client'
import { asApiError } from '~/api/errors'
import { BudgetRow, BudgetsSection } from '~/features/shared/budgets'
import { TenantName } from '~/features/shared/tenant-name'
import { ErrorPanel } from '~/ui/error-panel'
import { Section } from '~/ui/page'

const MOST = 100

/** The budgets of the chosen tenant, else those of all. */
export function AllBudgets({ tenantId }: { tenantId: string | undefined }) {
  return tenantId ? <BudgetsSection tenantId={tenantId} /> : <Newest />
}

function Newest() {
  const { t } = useTranslation(['usage', 'keys'])
  const query = useQuery({
    queryKey: ['budgets', 'newest'],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/admin/v1/budgets', { params: { query: { limit: MOST } }, signal })),
  })
  return (
    <Section title={t('keys:budgets.title')}>
      {query.error && <ErrorPanel error={asApiError(query.error)} onRetry={() => void query.refetch()} />}
      {query.data?.data.length === 0 && <p className="text-muted">{t('noBudgets')}</p>}
      <div className="grid gap-3 lg:grid-cols-2">
        {query.data?.data.map((budget) => (
          <div key={budget.id} className="flex flex-col gap-1">
            <TenantName id={budget.tenant_id} />
            <BudgetRow budget={budget} />
          </div>
        ))}
      </div>
    </Section>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '~/api/client'
import { asApiError } from '~/api/errors'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { ConfirmButton } from '~/ui/confirm-button'
import { ErrorPanel } from '~/ui/error-panel'
import { ApiForm } from '~/ui/form/api-form'
import { CheckField, FieldRow, FormActions, SelectField, TextField } from '~/ui/form/fields'
import { microsOrNull, text } from '~/ui/form/schemas'
import { z } from '~/ui/form/zod'
import { microsText } from '~/ui/money'
import { Section } from '~/ui/page'
import { Skeleton } from '~/ui/skeleton'
import { useAct, useSend } from '~/ui/use-act'
import { type Budget, BudgetMeter, PERIODS } from './budget-meter'

const CURRENCIES = ['CNY', 'USD']
const MOST = 100

/** The budgets of a tenant, or of one of its keys. */
export function BudgetsSection({ tenantId, keyId }: { tenantId: string; keyId?: string }) {
  const { t } = useTranslation(['keys', 'common'])
  const { bill } = useMay()
  const [isAdding, setIsAdding] = useState(false)
  const budgets = useQuery({
    queryKey: ['budgets', tenantId, keyId],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/admin/v1/budgets', {
          params: { query: { tenant: tenantId, key: keyId, limit: MOST } },
          signal,
        }),
      ),
  })
  return (
    <Section
      title={t('budgets.title')}
      actions={bill && !isAdding && <Button onClick={() => setIsAdding(true)}>{t('budgets.add')}</Button>}
    >
      {budgets.error && (
        <ErrorPanel error={asApiError(budgets.error)} onRetry={() => void budgets.refetch()} />
      )}
      {budgets.isPending && <Skeleton rows={2} />}
      {budgets.data?.data.length === 0 && !isAdding && <p className="text-muted">{t('budgets.none')}</p>}
      {budgets.data?.data.map((budget) => (
        <BudgetRow key={budget.id} budget={budget} />
      ))}
      {isAdding && <BudgetForm tenantId={tenantId} keyId={keyId} onEnd={() => setIsAdding(false)} />}
    </Section>
  )
}

/** A budget, which can be changed in place. */
export function BudgetRow({ budget }: { budget: Budget }) {
  const { t } = useTranslation(['keys', 'common'])
  const { bill } = useMay()
  const [isEdited, setIsEdited] = useState(false)
  const remove = useAct(
    () => unwrap(api.DELETE('/admin/v1/budgets/{budget_id}', { params: { path: { budget_id: budget.id } } })),
    ['budgets'],
    t('budgets.deleted'),
  )
  if (isEdited) return <BudgetEdit budget={budget} onEnd={() => setIsEdited(false)} />
  return (
    <div className="flex flex-col gap-1.5 rounded-md border border-line px-3 py-2">
      <BudgetMeter budget={budget} />
      {bill && (
        <div className="flex justify-end gap-2">
          <Button onClick={() => setIsEdited(true)}>{t('common:action.edit')}</Button>
          <ConfirmButton
            label={t('budgets.delete')}
            question={t('budgets.deleteQuestion')}
            onConfirm={() => remove.mutate()}
          />
        </div>
      )}
    </div>
  )
}

const newBudget = z.object({
  amount_micros: microsOrNull(),
  currency: text(),
  period: z.enum(PERIODS),
  time_zone: text(),
  is_hard: z.boolean(),
})

function BudgetForm({ tenantId, keyId, onEnd }: { tenantId: string; keyId?: string; onEnd: () => void }) {
  const { t } = useTranslation(['keys', 'common'])
  const create = useSend(
    (form: z.output<typeof newBudget>) =>
      unwrap(
        api.POST('/admin/v1/budgets', {
          body: {
            ...form,
            amount_micros: form.amount_micros ?? 0,
            tenant_id: tenantId,
            key_id: keyId ?? null,
          },
        }),
      ),
    ['budgets'],
  )
  return (
    <ApiForm
      schema={newBudget}
      values={{
        amount_micros: '',
        currency: CURRENCIES[0],
        period: 'month',
        time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        is_hard: true,
      }}
      send={async (form) => {
        await create(form)
        onEnd()
      }}
      className="flex flex-col gap-3 rounded-md border border-line p-3"
    >
      <FieldRow>
        <TextField name="amount_micros" label={t('budgets.amount')} inputMode="decimal" autoFocus />
        <SelectField
          name="currency"
          label={t('budgets.currency')}
          options={CURRENCIES.map((value) => ({ value, label: value }))}
        />
        <SelectField
          name="period"
          label={t('budgets.periodLabel')}
          options={PERIODS.map((value) => ({ value, label: t(`budgets.period.${value}`) }))}
        />
        <TextField name="time_zone" label={t('budgets.zone')} />
      </FieldRow>
      <CheckField name="is_hard" label={t('budgets.isHard')} hint={t('budgets.isHardHint')} />
      <FormActions submit={t('common:action.create')} onCancel={onEnd} />
    </ApiForm>
  )
}

const changedBudget = z.object({ amount_micros: microsOrNull(), is_hard: z.boolean() })

function BudgetEdit({ budget, onEnd }: { budget: Budget; onEnd: () => void }) {
  const { t } = useTranslation(['keys', 'common'])
  const update = useSend(
    (form: z.output<typeof changedBudget>) =>
      unwrap(
        api.PATCH('/admin/v1/budgets/{budget_id}', {
          params: { path: { budget_id: budget.id } },
          body: { ...form, amount_micros: form.amount_micros ?? 0 },
        }),
      ),
    ['budgets'],
    t('common:state.saved'),
  )
  return (
    <ApiForm
      schema={changedBudget}
      values={{ amount_micros: microsText(budget.amount_micros), is_hard: budget.is_hard }}
      send={async (form) => {
        await update(form)
        onEnd()
      }}
      className="flex flex-col gap-3 rounded-md border border-line p-3"
    >
      <TextField
        name="amount_micros"
        label={`${t('budgets.amount')} (${budget.currency})`}
        inputMode="decimal"
        autoFocus
      />
      <CheckField name="is_hard" label={t('budgets.isHard')} hint={t('budgets.isHardHint')} />
      <FormActions submit={t('common:action.save')} onCancel={onEnd} />
    </ApiForm>
  )
}

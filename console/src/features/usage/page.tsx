import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { TenantPicker } from '~/features/shared/tenant-picker'
import { useSession } from '~/session/session'
import { Button } from '~/ui/button'
import { download } from '~/ui/download'
import { EmptyState } from '~/ui/empty-state'
import { ErrorPanel } from '~/ui/error-panel'
import { ChoiceFilter, DayFilter, TextFilter } from '~/ui/filters'
import { Page } from '~/ui/page'
import { Skeleton } from '~/ui/skeleton'
import { useAct } from '~/ui/use-act'
import { AllBudgets } from './all-budgets'
import { addDays, dayOf, isDay, timeZones } from './days'
import { MeasureSwitch } from './measure-switch'
import { DIMENSIONS, type Dimension, exportPath, type Selection, useSums } from './queries'
import { currenciesOf, type Measure } from './sums'
import { UsagePlot } from './usage-plot'
import { UsageTable } from './usage-table'

const DEFAULT_DAYS = 30

type Names = 'by' | 'measure' | 'from' | 'to' | 'zone' | 'tenant' | 'key' | 'model' | 'channel'

export function UsagePage() {
  const { t } = useTranslation(['usage', 'common'])
  const { search, change } = useAddress<Names>()
  const zones = useMemo(timeZones, [])
  const zone = search.zone && zones.includes(search.zone) ? search.zone : (zones[0] ?? 'UTC')
  const by: Dimension = DIMENSIONS.find((name) => name === search.by) ?? 'day'
  const last = isDay(search.to) ? search.to : dayOf(new Date(), zone)
  const first = isDay(search.from) ? search.from : addDays(last, 1 - DEFAULT_DAYS)
  const { tenant, key, model, channel } = search
  // The last day is itself left out by the API.
  const selection: Selection = {
    from: first,
    to: addDays(last, 1),
    time_zone: zone,
    tenant,
    key,
    model,
    channel,
  }
  const query = useSums(by, selection)
  const sums = query.data?.sums ?? []
  const measures: Measure[] = [
    ...currenciesOf(sums).map((name): Measure => `cost ${name}`),
    'tokens',
    'tasks',
  ]
  const measure = measures.find((name) => name === search.measure) ?? measures[0] ?? 'tokens'
  const save = useAct(() => download(exportPath(selection), 'text/csv', `usage-${first}-${last}.csv`), [])
  const { role } = useSession()

  return (
    <Page
      title={t('title')}
      actions={
        <Button isBusy={save.isPending} onClick={() => save.mutate()}>
          {t('export')}
        </Button>
      }
      filters={
        <>
          <DayFilter label={t('common:filter.from')} value={first} onChange={(from) => change({ from })} />
          <DayFilter label={t('common:filter.to')} value={last} onChange={(to) => change({ to })} />
          {role !== 'billing' && (
            <TenantPicker
              label={t('by.tenant')}
              value={tenant}
              onChange={(value) => change({ tenant: value })}
            />
          )}
          <TextFilter
            label={t('by.model')}
            value={model}
            isSearch
            onChange={(value) => change({ model: value })}
          />
          <TextFilter label={t('keyId')} value={key} onChange={(value) => change({ key: value })} />
          <TextFilter
            label={t('by.channel')}
            value={channel}
            onChange={(value) => change({ channel: value })}
          />
          <ChoiceFilter
            label={t('zone')}
            value={zone}
            options={zones.map((value) => ({ value, label: value }))}
            onChange={(value) => change({ zone: value })}
          />
        </>
      }
    >
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
        <ByTabs by={by} onChange={(value) => change({ by: value })} />
        <MeasureSwitch measures={measures} value={measure} onChange={(name) => change({ measure: name })} />
      </div>
      {query.error && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton />}
      {query.data && sums.length === 0 && <EmptyState title={t('empty.title')} hint={t('empty.hint')} />}
      {sums.length > 0 && (
        <div className="flex flex-col gap-4">
          <UsagePlot by={by} sums={sums} measure={measure} selection={selection} first={first} last={last} />
          <UsageTable by={by} sums={sums} onNarrow={(id) => change({ [by]: id, by: 'day' })} />
          {query.data?.isWhole === false && <p className="text-muted">{t('notWhole')}</p>}
        </div>
      )}
      <AllBudgets tenantId={tenant} />
    </Page>
  )
}

function ByTabs({ by, onChange }: { by: Dimension; onChange: (by: Dimension) => void }) {
  const { t } = useTranslation('usage')
  return (
    <fieldset className="flex flex-wrap items-center gap-1">
      <legend className="sr-only">{t('by.label')}</legend>
      {DIMENSIONS.map((name) => (
        <Button
          key={name}
          variant="quiet"
          aria-pressed={name === by}
          className="aria-pressed:bg-accent-soft aria-pressed:text-accent"
          onClick={() => onChange(name)}
        >
          {t(`by.${name}`)}
        </Button>
      ))}
    </fieldset>
  )
}

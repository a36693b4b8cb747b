import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { useMay } from '~/session/session'
import { Page } from '~/ui/page'
import { Tabs } from '~/ui/tabs'
import { ModelsTable } from './models-table'
import { PricesTable } from './prices-table'

/** The models that clients may name, with their limits, and what their tokens cost. */
export function ModelsPage() {
  const { t } = useTranslation('models')
  const { search, change } = useAddress<'tab' | 'show'>()
  const { read } = useMay()
  // Billing sees prices alone.
  const tabs = read ? (['models', 'prices'] as const) : (['prices'] as const)
  const tab = tabs.find((name) => name === search.tab) ?? tabs[0]
  return (
    <Page title={t('title')}>
      <Tabs
        label={t('title')}
        tabs={tabs.map((name) => ({ name, label: t(`tab.${name}`) }))}
        current={tab}
        onChange={(name) => change({ tab: name, show: undefined })}
      >
        {tab === 'models' ? (
          <ModelsTable shown={search.show} show={(show) => change({ show })} />
        ) : (
          <PricesTable shown={search.show} show={(show) => change({ show })} />
        )}
      </Tabs>
    </Page>
  )
}

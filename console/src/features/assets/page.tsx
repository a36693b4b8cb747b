import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { Page } from '~/ui/page'
import { Tabs } from '~/ui/tabs'
import { AssetsGrid } from './assets-grid'
import { GroupsTable } from './groups-table'
import { VerificationsTable } from './verifications-table'

const TABS = ['assets', 'groups', 'verifications'] as const

/** The references of all tenants: assets, the groups they are in, and the faces that were verified. */
export function AssetsPage() {
  const { t } = useTranslation('assets')
  const { search, filter } = useAddress<
    'tab' | 'tenant' | 'group' | 'status' | 'type' | 'q' | 'after' | 'show'
  >()
  const tab = TABS.find((name) => name === search.tab) ?? TABS[0]
  return (
    <Page title={t('title')}>
      <Tabs
        label={t('title')}
        tabs={TABS.map((name) => ({ name, label: t(`tab.${name}`) }))}
        current={tab}
        onChange={(name) =>
          filter({
            tab: name,
            group: undefined,
            status: undefined,
            type: undefined,
            q: undefined,
            show: undefined,
          })
        }
      >
        {tab === 'assets' && <AssetsGrid />}
        {tab === 'groups' && <GroupsTable />}
        {tab === 'verifications' && <VerificationsTable />}
      </Tabs>
    </Page>
  )
}

import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { asApiError } from '~/api/errors'
import { useAddress } from '~/app/use-address'
import { Button } from '~/ui/button'
import { ErrorPanel } from '~/ui/error-panel'
import { Page } from '~/ui/page'
import { Skeleton } from '~/ui/skeleton'
import { Tabs } from '~/ui/tabs'
import { OwnAssets } from './assets'
import { KeyFacts } from './key-facts'
import { useCaller } from './queries'
import { Setup } from './setup'
import { OwnTasks } from './tasks'
import { OwnUsage } from './usage'

const TABS = ['key', 'tasks', 'assets', 'usage', 'setup'] as const

/** What a key opens for its tenant's developer: tasks, assets, usage and limits, and how to point an SDK here. */
export function MePage() {
  // The facts of a key have texts of keys, too. Should these come only then, the whole page would be gone meanwhile.
  const { t } = useTranslation(['me', 'keys'])
  const { search, change } = useAddress<'tab' | 'status' | 'after' | 'show'>()
  const caller = useCaller()
  const tab = TABS.find((name) => name === search.tab) ?? TABS[0]
  return (
    <Page
      title={t('title')}
      actions={<Button render={<Link to="/playground" />}>{t('toPlayground')}</Button>}
    >
      <Tabs
        label={t('title')}
        tabs={TABS.map((name) => ({ name, label: t(`tab.${name}`) }))}
        current={tab}
        onChange={(name) => change({ tab: name, status: undefined, after: undefined, show: undefined })}
      >
        {tab === 'tasks' && <OwnTasks />}
        {tab === 'assets' && <OwnAssets />}
        {tab === 'usage' && <OwnUsage />}
        {(tab === 'key' || tab === 'setup') && (
          <>
            {caller.error && (
              <ErrorPanel error={asApiError(caller.error)} onRetry={() => void caller.refetch()} />
            )}
            {caller.isPending && <Skeleton />}
            {caller.data &&
              (tab === 'key' ? <KeyFacts caller={caller.data} /> : <Setup caller={caller.data} />)}
          </>
        )}
      </Tabs>
    </Page>
  )
}

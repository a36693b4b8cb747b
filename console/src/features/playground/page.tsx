import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { api } from '~/api/client'
import { useAddress } from '~/app/use-address'
import { lendKey } from '~/session/borrowed-key'
import { useSession } from '~/session/session'
import { Button } from '~/ui/button'
import { ErrorPanel } from '~/ui/error-panel'
import { CONTROL } from '~/ui/form/fields'
import { Page } from '~/ui/page'
import { Skeleton } from '~/ui/skeleton'
import { CreateForm } from './create-form'
import { useModels, useTenantApi, useWhoami } from './queries'
import { RecentTasks } from './recent-tasks'
import { WatchedTask } from './watched-task'

export function PlaygroundPage() {
  const { t } = useTranslation('playground')
  const tenant = useTenantApi()
  return <Page title={t('title')}>{tenant === null ? <KeyForm /> : <Playground tenant={tenant} />}</Page>
}

/** An admin token opens no tenant's route, so an admin brings a key. */
function KeyForm() {
  const { t } = useTranslation('playground')
  const [key, setKey] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (key.trim()) lendKey(key.trim())
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-3">
      <label className="flex flex-col gap-1">
        <span className="font-medium">{t('key.label')}</span>
        <input
          type="password"
          name="key"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          autoComplete="off"
          spellCheck={false}
          className={`${CONTROL} font-mono`}
        />
      </label>
      <p className="text-muted">{t('key.hint')}</p>
      <Button type="submit" variant="primary" className="self-start" disabled={key.trim() === ''}>
        {t('key.submit')}
      </Button>
    </form>
  )
}

function Playground({ tenant }: { tenant: typeof api }) {
  const { t } = useTranslation('playground')
  const { kind } = useSession()
  const { search, change } = useAddress<'task'>()
  const models = useModels(tenant)
  const whoami = useWhoami(tenant)
  const error = models.error ?? whoami.error
  const giveBack = () => lendKey(null)

  return (
    <>
      <p className="flex flex-wrap items-center gap-x-2 text-muted">
        {whoami.data && t('as', { tenant: whoami.data.tenant.name, key: whoami.data.key.name })}
        {kind === 'admin' && (
          <Button variant="quiet" onClick={giveBack}>
            {t('key.change')}
          </Button>
        )}
      </p>
      {error && (
        <ErrorPanel error={error} onRetry={() => void Promise.all([models.refetch(), whoami.refetch()])} />
      )}
      {models.isPending && !error && <Skeleton />}
      {models.data && (
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 lg:grid-cols-2">
          <CreateForm tenant={tenant} models={models.data} onCreated={(task) => change({ task })} />
          <div className="flex flex-col gap-6 lg:sticky lg:top-4">
            {search.task && <WatchedTask key={search.task} tenant={tenant} id={search.task} />}
            <RecentTasks tenant={tenant} current={search.task} onShow={(task) => change({ task })} />
          </div>
        </div>
      )}
    </>
  )
}

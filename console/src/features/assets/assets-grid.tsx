import { useTranslation } from 'react-i18next'
import { useAddress } from '~/app/use-address'
import { TenantName } from '~/features/shared/tenant-name'
import { TenantPicker } from '~/features/shared/tenant-picker'
import { EmptyState } from '~/ui/empty-state'
import { ErrorPanel } from '~/ui/error-panel'
import { ChoiceFilter, TextFilter } from '~/ui/filters'
import { RelativeTime } from '~/ui/relative-time'
import { Skeleton } from '~/ui/skeleton'
import { StatusBadge } from '~/ui/status-badge'
import { Pager } from '~/ui/table/pager'
import { AssetById } from './asset-drawer'
import { type Asset, useAssets } from './queries'

const STATUSES = ['Active', 'Processing', 'Failed'] as const
const STATUS_WORDS = { Active: 'active', Processing: 'processing', Failed: 'failed' } as const
const TYPES = ['Image', 'Video', 'Audio'] as const
const MARKS: Record<string, string> = { Image: '▣', Video: '▶', Audio: '♪' }

type FilterName = 'tenant' | 'group' | 'status' | 'type' | 'q'

/** The assets, a tile each. No picture is fetched for it: a look is a click, which is audited. */
export function AssetsGrid() {
  const { t } = useTranslation(['assets', 'common'])
  const { search, change, filter } = useAddress<FilterName | 'after' | 'show'>()
  const query = useAssets({
    tenant: search.tenant,
    group: search.group,
    status: STATUSES.find((each) => each === search.status),
    type: TYPES.find((each) => each === search.type),
    q: search.q,
    after: search.after,
  })
  const assets = query.data?.data ?? []
  const shown = assets.find((asset) => asset.id === search.show)
  return (
    <>
      <search className="flex flex-wrap items-end gap-2">
        <TextFilter label={t('name')} value={search.q} onChange={(q) => filter({ q })} isSearch />
        <TenantPicker label={t('tenant')} value={search.tenant} onChange={(tenant) => filter({ tenant })} />
        <TextFilter label={t('group')} value={search.group} onChange={(group) => filter({ group })} />
        <ChoiceFilter
          label={t('type')}
          value={search.type}
          options={TYPES.map((value) => ({ value, label: t(`kind.${value}`) }))}
          onChange={(type) => filter({ type })}
        />
        <ChoiceFilter
          label={t('common:filter.status')}
          value={search.status}
          options={STATUSES.map((value) => ({ value, label: t(`common:status.${STATUS_WORDS[value]}`) }))}
          onChange={(status) => filter({ status })}
        />
      </search>
      {query.error && <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Skeleton />}
      {query.data && assets.length === 0 && <EmptyState title={t('none')} hint={t('noneHint')} />}
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-3">
        {assets.map((asset) => (
          <AssetTile key={asset.id} asset={asset} onOpen={() => change({ show: asset.id })} />
        ))}
      </ul>
      {query.data && <Pager page={query.data} />}
      {search.show && (
        <AssetById
          key={search.show}
          id={search.show}
          listed={shown}
          onClose={() => change({ show: undefined })}
        />
      )}
    </>
  )
}

function AssetTile({ asset, onOpen }: { asset: Asset; onOpen: () => void }) {
  const { t } = useTranslation('assets')
  return (
    <li className="flex flex-col overflow-hidden rounded-md border border-line bg-surface">
      <button type="button" onClick={onOpen} className="flex flex-col text-left hover:bg-raised">
        <span
          aria-hidden
          className="flex aspect-video w-full items-center justify-center bg-raised text-2xl text-muted"
        >
          {MARKS[asset.asset_type] ?? '·'}
        </span>
        <span className="flex w-full flex-col gap-1 px-2 pt-2">
          <span className="truncate font-medium">{asset.name || asset.id}</span>
          <span className="flex items-center gap-2">
            <StatusBadge status={asset.status} />
            <span className="text-muted text-xs">
              {t(`kind.${asset.asset_type as (typeof TYPES)[number]}`, { defaultValue: asset.asset_type })}
            </span>
          </span>
        </span>
      </button>
      <span className="flex items-center justify-between gap-2 px-2 py-2 text-muted text-xs">
        <TenantName id={asset.tenant_id} />
        <RelativeTime at={asset.created_at} />
      </span>
    </li>
  )
}

import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { asApiError } from '~/api/errors'
import { TenantName } from '~/features/shared/tenant-name'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { CopyId } from '~/ui/copy-id'
import { Drawer } from '~/ui/drawer'
import { ErrorPanel } from '~/ui/error-panel'
import { Facts } from '~/ui/facts'
import { RelativeTime } from '~/ui/relative-time'
import { RowDrawer } from '~/ui/row-drawer'
import { StatusBadge } from '~/ui/status-badge'
import { type Asset, readAsset, useAsset } from './queries'

/** The drawer of the asset that the address names. */
export function AssetById({
  id,
  listed,
  onClose,
}: {
  id: string
  listed: Asset | undefined
  onClose: () => void
}) {
  const { t } = useTranslation('assets')
  return (
    <RowDrawer title={t('asset')} id={id} query={useAsset(id, listed)} onClose={onClose}>
      {(asset) => <AssetDrawer asset={asset} onClose={onClose} />}
    </RowDrawer>
  )
}

/** One asset: what is known of it, and its content after a click. */
function AssetDrawer({ asset, onClose }: { asset: Asset; onClose: () => void }) {
  const { t } = useTranslation(['assets', 'common'])
  const { operate } = useMay()
  const error = asset.error as { Code?: unknown; Message?: unknown } | null
  return (
    <Drawer
      title={asset.name || t('asset')}
      subtitle={<CopyId id={asset.id} isWhole />}
      isWide
      onClose={onClose}
    >
      <Facts
        items={[
          [t('common:filter.status'), <StatusBadge key="status" status={asset.status} />],
          ...(error
            ? [[t('error'), `${String(error.Code ?? '')} ${String(error.Message ?? '')}`] as const]
            : []),
          [t('tenant'), <TenantName key="tenant" id={asset.tenant_id} />],
          [t('reference'), <CopyId key="reference" id={`asset://${asset.id}`} isWhole />],
          [t('type'), t(`kind.${asset.asset_type as 'Image'}`, { defaultValue: asset.asset_type })],
          [t('group'), <CopyId key="group" id={asset.group_id} isWhole />],
          [t('groupType'), asset.group_type],
          [t('project'), asset.project_name],
          [t('channel'), <CopyId key="channel" id={asset.channel_id} />],
          [t('created'), <RelativeTime key="created" at={asset.created_at} />],
          [t('polled'), <RelativeTime key="polled" at={asset.polled_at} />],
        ]}
      />
      {operate && <Look id={asset.id} />}
    </Drawer>
  )
}

function Look({ id }: { id: string }) {
  const { t } = useTranslation('assets')
  const look = useMutation({ mutationFn: () => readAsset(id) })
  if (look.data) return <Content media={look.data} />
  return (
    <div className="flex flex-col gap-2">
      {look.error && <ErrorPanel error={asApiError(look.error)} />}
      <Button className="self-start" isBusy={look.isPending} onClick={() => look.mutate()}>
        {t('look.show')}
      </Button>
      <p className="text-muted text-xs">{t('look.audited')}</p>
    </div>
  )
}

/** The content; of an address that the tenant submitted only the text, which is fetched from no page of ours. */
function Content({ media }: { media: Schemas['AssetMediaView'] }) {
  const { t } = useTranslation('assets')
  if (!media.is_signed || !/^https?:/.test(media.url)) {
    return (
      <div className="flex flex-col gap-1">
        <p className="text-muted">{t('look.submitted')}</p>
        <CopyId id={media.url.length > 300 ? `${media.url.slice(0, 300)}…` : media.url} isWhole />
      </div>
    )
  }
  if (media.asset_type === 'Image') {
    return <img src={media.url} alt={t('asset')} className="max-h-96 self-start rounded-md object-contain" />
  }
  return (
    // biome-ignore lint/a11y/useMediaCaption: a reference has no captions
    <video
      controls
      preload="none"
      src={media.url}
      aria-label={t('asset')}
      className="max-h-96 w-full rounded-md bg-black"
    />
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type api, unwrap } from '~/api/client'
import { Button } from '~/ui/button'
import type { ReferenceKind } from './draft'

const SHOWN = 50
const GROUP_TYPES = ['AIGC', 'LivenessFace'] as const
const KINDS: Record<string, ReferenceKind> = { Image: 'image', Video: 'video', Audio: 'audio' }

/** One of the tenant's newest assets. The list is read when it is asked for. */
export function AssetPicker({
  tenant,
  onPick,
}: {
  tenant: typeof api
  onPick: (kind: ReferenceKind, id: string) => void
}) {
  const { t } = useTranslation('playground')
  const [isOpen, setIsOpen] = useState(false)
  const assets = useQuery({
    queryKey: ['playground', 'assets'],
    queryFn: async ({ signal }) => {
      const pages = await Promise.all(
        GROUP_TYPES.map((GroupType) =>
          unwrap(
            tenant.POST('/api/v3/open/ListAssets', {
              body: { Filter: { GroupType, Statuses: ['Active'] }, PageNumber: 1, PageSize: SHOWN },
              signal,
            }),
          ),
        ),
      )
      return pages.flatMap((page) => page.Items)
    },
    enabled: isOpen,
    retry: false,
  })
  if (!isOpen) return <Button onClick={() => setIsOpen(true)}>{t('references.asset')}</Button>
  const items = assets.data ?? []
  return (
    <select
      aria-label={t('references.asset')}
      // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that was pressed
      autoFocus
      value=""
      onChange={(event) => {
        const asset = items.find(({ Id }) => Id === event.target.value)
        const kind = KINDS[asset?.AssetType ?? '']
        if (asset && kind) onPick(kind, asset.Id)
        setIsOpen(false)
      }}
      className="max-w-full rounded border border-line bg-surface px-2"
    >
      <option value="">
        {assets.isPending
          ? '…'
          : assets.error
            ? assets.error.message
            : t(items.length === 0 ? 'references.noAssets' : 'references.chooseAsset')}
      </option>
      {items.map(({ Id, Name, AssetType }) => (
        <option key={Id} value={Id}>
          {`${AssetType} · ${Name || Id}`}
        </option>
      ))}
    </select>
  )
}

import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asApiError } from '~/api/errors'
import { useMay } from '~/session/session'
import { Button } from '~/ui/button'
import { Drawer } from '~/ui/drawer'
import { EmptyState } from '~/ui/empty-state'
import { ErrorPanel } from '~/ui/error-panel'
import { Facts } from '~/ui/facts'
import { NoRow } from '~/ui/row-drawer'
import { Skeleton } from '~/ui/skeleton'
import { columnsOf } from '~/ui/table/columns'
import { Rows } from '~/ui/table/data-table'
import { ModelForm } from './model-form'
import { type Model, useModels } from './queries'

const NEW = 'new'
const column = columnsOf<Model>()

/** The catalog of video models. A row opens its limits, which are edited there. */
export function ModelsTable({
  shown,
  show,
}: {
  shown: string | undefined
  show: (name: string | undefined) => void
}) {
  const { t } = useTranslation(['models', 'common'])
  const { operate } = useMay()
  const models = useModels(true)
  const columns = useColumns()
  const close = () => show(undefined)
  const found = models.data?.find((model) => model.name === shown)
  if (models.error)
    return <ErrorPanel error={asApiError(models.error)} onRetry={() => void models.refetch()} />
  if (!models.data) return <Skeleton />
  return (
    <>
      {operate && (
        <Button variant="primary" className="self-end" onClick={() => show(NEW)}>
          {t('model.new')}
        </Button>
      )}
      {models.data.length === 0 ? (
        <EmptyState title={t('model.none')} hint={t('model.noneHint')} />
      ) : (
        <Rows
          label={t('tab.models')}
          rows={models.data}
          columns={columns}
          rowId={(model) => model.name}
          openId={shown}
          onOpen={(model) => show(model.name)}
        />
      )}
      {operate && shown === NEW && (
        <Drawer title={t('model.new')} onClose={close}>
          <ModelForm onEnd={close} />
        </Drawer>
      )}
      {shown && shown !== NEW && !found && (
        <Drawer title={shown} onClose={close}>
          <NoRow />
        </Drawer>
      )}
      {found && <ModelDrawer key={found.name} model={found} onClose={close} />}
    </>
  )
}

function useColumns() {
  const { t } = useTranslation('models')
  return useMemo(
    () => [
      column.accessor('name', { header: t('model.name') }),
      column.accessor('aliases', {
        header: t('model.aliases'),
        cell: (cell) => cell.getValue().join(', ') || '–',
        meta: { isExtra: true },
      }),
      column.accessor('upstream_id', {
        header: t('model.upstreamId'),
        cell: (cell) => <code className="text-xs">{cell.getValue()}</code>,
        meta: { isExtra: true },
      }),
      column.accessor('resolutions', {
        header: t('model.resolutions'),
        cell: (cell) => cell.getValue().join(' · '),
      }),
      column.accessor((model) => model.duration_max, {
        id: 'duration',
        header: t('model.duration'),
        cell: ({ row }) =>
          t('model.seconds', { from: row.original.duration_min, to: row.original.duration_max }),
      }),
    ],
    [t],
  )
}

function ModelDrawer({ model, onClose }: { model: Model; onClose: () => void }) {
  const { t } = useTranslation(['models', 'common'])
  const { operate } = useMay()
  const [isEdited, setIsEdited] = useState(false)
  const regions = Object.entries(model.regions ?? {})
  return (
    <Drawer
      title={model.name}
      onClose={onClose}
      actions={
        operate && !isEdited && <Button onClick={() => setIsEdited(true)}>{t('common:action.edit')}</Button>
      }
    >
      {isEdited ? (
        <ModelForm model={model} onEnd={onClose} />
      ) : (
        <Facts
          items={[
            [t('model.aliases'), model.aliases.join(', ') || '–'],
            [
              t('model.upstreamId'),
              <code key="id" className="text-xs">
                {model.upstream_id}
              </code>,
            ],
            ...regions.map(([region, id]) => [region, id ?? t('model.notServed')] as const),
            [t('model.resolutions'), model.resolutions.join(' · ')],
            [t('model.ratios'), model.ratios.join(' · ')],
            [t('model.duration'), t('model.seconds', { from: model.duration_min, to: model.duration_max })],
            [t('model.autoDuration'), yes(model.is_auto_duration_allowed)],
            [t('model.images'), model.max_reference_images],
            [t('model.videos'), model.max_reference_videos],
            [t('model.audios'), model.max_reference_audios],
            [t('model.audio'), yes(model.takes_generate_audio)],
          ]}
        />
      )}
    </Drawer>
  )

  function yes(value: boolean): string {
    return t(value ? 'common:state.yes' : 'common:state.no')
  }
}

import { useTranslation } from 'react-i18next'
import { Drawer } from '~/ui/drawer'
import { useSend } from '~/ui/use-act'
import { createTenant, type Tenant } from './queries'
import { TenantForm } from './tenant-form'

export function NewTenantDrawer({
  onCreated,
  onClose,
}: {
  onCreated: (tenant: Tenant) => void
  onClose: () => void
}) {
  const { t } = useTranslation(['tenants', 'common'])
  const create = useSend(createTenant, ['tenants'], t('new.done'))
  return (
    <Drawer title={t('new.title')} onClose={onClose}>
      <TenantForm
        submit={t('common:action.create')}
        send={async (body) => onCreated(await create(body))}
        onCancel={onClose}
      />
    </Drawer>
  )
}

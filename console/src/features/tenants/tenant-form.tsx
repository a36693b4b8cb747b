import { useTranslation } from 'react-i18next'
import { gatherLimits, RightsFields, rightsFields, rightsValues } from '~/features/shared/rights'
import { ApiForm } from '~/ui/form/api-form'
import {
  CheckField,
  FieldRow,
  FormActions,
  NumberField,
  SelectField,
  TextArea,
  TextField,
} from '~/ui/form/fields'
import { integerOrNull, objectOrNull, text } from '~/ui/form/schemas'
import { z } from '~/ui/form/zod'
import type { Tenant, TenantBody } from './queries'

const ARCHIVES = ['on', 'off'] as const

const schema = z
  .object({
    name: text(),
    ...rightsFields,
    allow_key_as_access_key_id: z.boolean(),
    archive: z.enum(ARCHIVES),
    archive_days: integerOrNull(),
    metadata: objectOrNull(),
  })
  .transform(gatherLimits)

/** The form of a new tenant, or of one that there is. */
export function TenantForm({
  tenant,
  submit,
  send,
  onCancel,
}: {
  tenant?: Tenant
  submit: string
  send: (body: TenantBody) => Promise<unknown>
  onCancel: () => void
}) {
  const { t } = useTranslation('tenants')
  const metadata =
    tenant && Object.keys(tenant.metadata).length > 0 ? JSON.stringify(tenant.metadata, null, 2) : ''
  return (
    <ApiForm
      schema={schema}
      values={{
        name: tenant?.name ?? '',
        ...rightsValues(tenant),
        allow_key_as_access_key_id: tenant?.allow_key_as_access_key_id ?? true,
        archive: tenant?.archive === 'off' ? 'off' : 'on',
        archive_days: String(tenant?.archive_days ?? ''),
        metadata,
      }}
      send={send}
    >
      <TextField name="name" label={t('form.name')} hint={t('form.nameHint')} autoFocus />
      <RightsFields rights={tenant} />
      <CheckField
        name="allow_key_as_access_key_id"
        label={t('form.keyAsAccessKey')}
        hint={t('form.keyAsAccessKeyHint')}
      />
      <FieldRow>
        <SelectField
          name="archive"
          label={t('form.archive')}
          hint={t('form.archiveHint')}
          options={ARCHIVES.map((value) => ({ value, label: t(`archive.${value}`) }))}
        />
        <NumberField name="archive_days" label={t('form.archiveDays')} hint={t('form.archiveDaysHint')} />
      </FieldRow>
      <TextArea name="metadata" label={t('form.metadata')} hint={t('form.metadataHint')} isCode />
      <FormActions submit={submit} onCancel={onCancel} />
    </ApiForm>
  )
}

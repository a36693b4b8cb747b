import { useTranslation } from 'react-i18next'
import { ApiForm } from '~/ui/form/api-form'
import { FormActions, TextArea, TextField } from '~/ui/form/fields'
import { linesOrNull, momentOrNull, text } from '~/ui/form/schemas'
import { z } from '~/ui/form/zod'
import { localMomentText } from '~/ui/time'
import type { Key, KeyBody } from './keys'
import { gatherLimits, RightsFields, rightsFields, rightsValues } from './rights'

const schema = z
  .object({ name: text(), expires_at: momentOrNull(), allowed_ips: linesOrNull(), ...rightsFields })
  .transform(gatherLimits)

/** The form of a new key, or of one that there is. */
export function KeyForm({
  of,
  submit,
  send,
  onCancel,
}: {
  of?: Key
  submit: string
  send: (body: KeyBody) => Promise<unknown>
  onCancel: () => void
}) {
  const { t } = useTranslation('keys')
  return (
    <ApiForm
      schema={schema}
      values={{
        name: of?.name ?? '',
        expires_at: localMomentText(of?.expires_at),
        allowed_ips: of?.allowed_ips?.join('\n') ?? '',
        ...rightsValues(of),
      }}
      send={send}
    >
      <TextField name="name" label={t('form.name')} hint={t('form.nameHint')} autoFocus />
      <TextField
        name="expires_at"
        type="datetime-local"
        label={t('form.expires')}
        hint={t('form.expiresHint')}
      />
      <RightsFields rights={of} />
      <TextArea name="allowed_ips" label={t('form.ips')} hint={t('form.ipsHint')} isCode rows={2} />
      <FormActions submit={submit} onCancel={onCancel} />
    </ApiForm>
  )
}

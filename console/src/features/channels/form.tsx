import { useTranslation } from 'react-i18next'
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
import { integerOrNull, linesOrNull, objectOrNull, text, textOrNull } from '~/ui/form/schemas'
import { z } from '~/ui/form/zod'
import type { Channel, ChannelBody } from './queries'

const SECRETS = ['ark_api_key', 'access_key_id', 'secret_access_key', 'session_token'] as const
const CORRELATES = ['off', 'safety_identifier'] as const

/** Returns the entries of a list, one a line; an empty one takes all away. */
function toLines(typed: string): string[] {
  return typed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

const schema = z
  .object({
    name: text(),
    ark_base_url: textOrNull(),
    ark_api_key: textOrNull(),
    openapi_url: textOrNull(),
    access_key_id: textOrNull(),
    secret_access_key: textOrNull(),
    session_token: textOrNull(),
    region: textOrNull(),
    exclusive: z.boolean(),
    correlate: z.enum(CORRELATES),
    priority: integerOrNull(),
    weight: integerOrNull(),
    projects: linesOrNull(),
    media_hosts: z.string().transform(toLines),
    models: objectOrNull(),
  })
  // What is left empty keeps its value, or gets the default of the API.
  .transform(
    (form) => Object.fromEntries(Object.entries(form).filter(([, value]) => value !== null)) as ChannelBody,
  )

/** The form of a new channel, or of one that there is. Secrets are only written: an empty field keeps what is stored. */
export function ChannelForm({
  channel,
  submit,
  send,
  onCancel,
}: {
  channel?: Channel
  submit: string
  send: (body: ChannelBody) => Promise<unknown>
  onCancel: () => void
}) {
  const { t } = useTranslation('channels')
  const isStored = {
    ark_api_key: channel?.has_ark_api_key,
    access_key_id: channel?.has_access_key,
    secret_access_key: channel?.has_access_key,
    session_token: channel?.has_session_token,
  }
  const models = channel?.models ?? {}
  return (
    <ApiForm
      schema={schema}
      values={{
        name: channel?.name ?? '',
        ark_base_url: channel?.ark_base_url ?? '',
        openapi_url: channel?.openapi_url ?? '',
        region: channel?.region ?? '',
        exclusive: channel?.exclusive ?? false,
        correlate: (channel?.correlate ?? 'off') as (typeof CORRELATES)[number],
        priority: String(channel?.priority ?? ''),
        weight: String(channel?.weight ?? ''),
        projects: channel?.projects.join('\n') ?? '',
        media_hosts: channel?.media_hosts.join('\n') ?? '',
        models: Object.keys(models).length > 0 ? JSON.stringify(models, null, 2) : '',
        ...Object.fromEntries(SECRETS.map((name) => [name, ''])),
      }}
      send={send}
    >
      <TextField name="name" label={t('form.name')} autoFocus />
      <TextField
        name="ark_base_url"
        type="url"
        label={t('form.arkBaseUrl')}
        placeholder="https://ark.cn-beijing.volces.com/api/v3"
      />
      <TextField
        name="openapi_url"
        type="url"
        label={t('form.openapiUrl')}
        placeholder="https://open.volcengineapi.com"
      />
      {SECRETS.map((name) => (
        <TextField
          key={name}
          name={name}
          type="password"
          label={t(`form.${name}`)}
          hint={isStored[name] ? t('form.secretKept') : t(`form.${name}_hint`)}
          autoComplete="new-password"
        />
      ))}
      <FieldRow>
        <TextField name="region" label={t('form.region')} placeholder="cn-beijing" />
        <NumberField name="priority" label={t('form.priority')} placeholder="0" />
        <NumberField name="weight" label={t('form.weight')} placeholder="1" />
      </FieldRow>
      <SelectField
        name="correlate"
        label={t('form.correlate')}
        hint={t('form.correlateHint')}
        options={CORRELATES.map((value) => ({ value, label: t(`correlate.${value}`) }))}
      />
      <CheckField name="exclusive" label={t('form.exclusive')} hint={t('form.exclusiveHint')} />
      <TextArea name="projects" label={t('form.projects')} hint={t('form.projectsHint')} isCode />
      <TextArea name="media_hosts" label={t('form.mediaHosts')} hint={t('form.mediaHostsHint')} isCode />
      <TextArea name="models" label={t('form.models')} hint={t('form.modelsHint')} isCode />
      <FormActions submit={submit} onCancel={onCancel} />
    </ApiForm>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '~/api/client'
import { Facts } from '~/ui/facts'
import { ChecksField, FieldRow, NumberField, TextArea } from '~/ui/form/fields'
import { integerOrNull, objectOrNull } from '~/ui/form/schemas'
import { z } from '~/ui/form/zod'

/** The limits that a tenant or a key may have, by the names of the API. */
export const LIMITS = ['rps', 'rpm', 'create_rpm', 'unfinished_tasks'] as const
export const PERMISSIONS = ['tasks', 'assets', 'read', 'priority', '4k', 'flex', 'long_expiry'] as const

/** What tenants and keys have in common. */
export interface Rights {
  limits: Record<string, unknown>
  allowed_models: string[] | null
  allowed_channels: string[] | null
  permissions: string[]
}

const namesOrNull = () => z.array(z.string()).transform((names) => (names.length > 0 ? names : null))

/** The fields of the rights in a form. No limit is no number; everything is allowed where nothing is ticked. */
export const rightsFields = {
  rps: integerOrNull(),
  rpm: integerOrNull(),
  create_rpm: integerOrNull(),
  unfinished_tasks: integerOrNull(),
  unfinished_tasks_by_model: objectOrNull(),
  allowed_models: namesOrNull(),
  allowed_channels: namesOrNull(),
  permissions: z.array(z.enum(PERMISSIONS)).transform((names) => (names.length > 0 ? names : null)),
}

/** Returns what a form begins with. */
export function rightsValues(rights?: Rights) {
  const limit = (name: (typeof LIMITS)[number]) => String(rights?.limits[name] ?? '')
  const byModel = rights?.limits.unfinished_tasks_by_model
  const permissions = PERMISSIONS.filter((name) => rights?.permissions.includes(name))
  return {
    rps: limit('rps'),
    rpm: limit('rpm'),
    create_rpm: limit('create_rpm'),
    unfinished_tasks: limit('unfinished_tasks'),
    unfinished_tasks_by_model: byModel ? JSON.stringify(byModel, null, 2) : '',
    allowed_models: rights?.allowed_models ?? [],
    allowed_channels: rights?.allowed_channels ?? [],
    permissions: permissions.length === PERMISSIONS.length ? [] : permissions,
  }
}

interface LimitsForm {
  rps: number | null
  rpm: number | null
  create_rpm: number | null
  unfinished_tasks: number | null
  unfinished_tasks_by_model: Record<string, unknown> | null
}

/** Returns the content of a form with its limits as the one member that the API takes; null: there are none. */
export function gatherLimits<Form extends LimitsForm>(form: Form) {
  const { rps, rpm, create_rpm, unfinished_tasks, unfinished_tasks_by_model, ...rest } = form
  const limits = { rps, rpm, create_rpm, unfinished_tasks, unfinished_tasks_by_model }
  const isNone = Object.values(limits).every((limit) => limit === null)
  return {
    ...rest,
    limits: isNone
      ? null
      : (limits as typeof limits & { unfinished_tasks_by_model: Record<string, number> | null }),
  }
}

/** The names of the video models, and of the channels by their ids. */
export function useNames() {
  const models = useQuery({
    queryKey: ['models', 'names'],
    queryFn: async ({ signal }) => {
      const { data } = await unwrap(api.GET('/admin/v1/models', { signal }))
      return data.map((model) => model.name)
    },
    staleTime: 60_000,
  })
  const channels = useQuery({
    queryKey: ['channels', 'names'],
    queryFn: async ({ signal }) => {
      const { data } = await unwrap(
        api.GET('/admin/v1/channels', { params: { query: { limit: 100 } }, signal }),
      )
      return data.map(({ id, name }) => ({ id, name }))
    },
    staleTime: 60_000,
  })
  return { models: models.data ?? [], channels: channels.data ?? [] }
}

/** The fields of the rights; `rights` are those that there are, so that no name is lost that is not known any more. */
export function RightsFields({ rights }: { rights?: Rights }) {
  const { t } = useTranslation(['keys', 'common'])
  const { models, channels } = useNames()
  const modelNames = [...new Set([...models, ...(rights?.allowed_models ?? [])])]
  const known = new Map(channels.map(({ id, name }) => [id, name]))
  for (const id of rights?.allowed_channels ?? []) if (!known.has(id)) known.set(id, id)
  return (
    <>
      <FieldRow>
        {LIMITS.map((name) => (
          <NumberField key={name} name={name} label={t(`rights.${name}`)} placeholder={t('rights.noLimit')} />
        ))}
      </FieldRow>
      <TextArea
        name="unfinished_tasks_by_model"
        label={t('rights.unfinished_tasks_by_model')}
        hint={t('rights.byModelHint')}
        rows={2}
        isCode
      />
      <ChecksField
        name="permissions"
        label={t('rights.permissions')}
        none={t('rights.noneIsAll.permissions')}
        options={PERMISSIONS.map((value) => ({ value, label: t(`permission.${value}`) }))}
      />
      <ChecksField
        name="allowed_models"
        label={t('rights.models')}
        none={t('rights.noneIsAll.models')}
        options={modelNames.map((value) => ({ value, label: value }))}
      />
      <ChecksField
        name="allowed_channels"
        label={t('rights.channels')}
        none={t('rights.noneIsAll.channels')}
        options={[...known].map(([value, label]) => ({ value, label }))}
      />
    </>
  )
}

/** The rights of a tenant or a key, as facts. */
export function RightsFacts({ rights }: { rights: Rights }) {
  const { t } = useTranslation(['keys', 'common'])
  const { channels } = useNames()
  const nameOf = (id: string) => channels.find((channel) => channel.id === id)?.name ?? id
  const limits = LIMITS.filter((name) => rights.limits[name] != null)
  const isAll = rights.permissions.length === PERMISSIONS.length
  return (
    <Facts
      items={[
        [
          t('rights.limits'),
          limits.length === 0
            ? t('common:state.none')
            : limits.map((name) => `${t(`rights.${name}`)} ${rights.limits[name]}`).join(' · '),
        ],
        [
          t('rights.permissions'),
          isAll
            ? t('common:state.all')
            : rights.permissions
                .map((name) => t(`permission.${name as (typeof PERMISSIONS)[number]}`))
                .join(' · '),
        ],
        [t('rights.models'), rights.allowed_models?.join(', ') ?? t('common:state.all')],
        [t('rights.channels'), rights.allowed_channels?.map(nameOf).join(', ') ?? t('common:state.all')],
      ]}
    />
  )
}

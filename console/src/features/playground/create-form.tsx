import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { api } from '~/api/client'
import { type ApiError, asApiError } from '~/api/errors'
import { Button } from '~/ui/button'
import { CopyButton } from '~/ui/copy-id'
import { ErrorPanel } from '~/ui/error-panel'
import { CONTROL } from '~/ui/form/fields'
import { useSettled } from '~/ui/use-settled'
import { Control } from './control'
import { bodyOf, curlOf, type Draft, placeOf, slimOf } from './draft'
import { EstimateLine } from './estimate-line'
import { ParameterFields } from './parameter-fields'
import { createTask, type Model, useDryRun } from './queries'
import { ReferenceFields } from './reference-fields'

const SETTLED_MS = 500

/** The form of a create, with what it would cost, and where it would be refused. */
export function CreateForm({
  tenant,
  models,
  onCreated,
}: {
  tenant: typeof api
  models: readonly Model[]
  onCreated: (id: string) => void
}) {
  const { t } = useTranslation('playground')
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Draft>({
    model: models[0]?.id ?? '',
    prompt: '',
    references: [],
    parameters: {},
    isWebSearch: false,
  })
  const [isBusy, setIsBusy] = useState(false)
  const [refused, setRefused] = useState<ApiError | null>(null)
  // The same for the repetitions of one create, another one as soon as something is changed.
  const attempt = useRef<string | null>(null)
  const change = (values: Partial<Draft>) => {
    attempt.current = null
    setRefused(null)
    setDraft({ ...draft, ...values })
  }

  const body = bodyOf(draft)
  const slim = slimOf(body)
  const asked = useSettled(slim, SETTLED_MS)
  const dryRun = useDryRun(tenant, asked)
  const isOfThisForm = JSON.stringify(asked) === JSON.stringify(slim)
  const error = refused ?? (body.content.length > 0 ? dryRun.error : null)
  const place = error ? placeOf(error.param, draft) : null
  const messageAt = (name: string) => (place === name ? error?.message : undefined)
  const model = models.find(({ id }) => id === draft.model)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setIsBusy(true)
    setRefused(null)
    attempt.current ??= randomName()
    try {
      const id = await createTask(tenant, body, attempt.current)
      attempt.current = null
      onCreated(id)
      void queries.invalidateQueries({ queryKey: ['playground', 'recent'] })
    } catch (thrown) {
      setRefused(asApiError(thrown))
    } finally {
      setIsBusy(false)
    }
  }

  return (
    <form
      noValidate
      onSubmit={submit}
      className="flex flex-col gap-4 rounded-md border border-line bg-surface px-4 pt-4"
    >
      <Control label={t('model')} message={messageAt('model')}>
        {(attributes) => (
          <select
            {...attributes}
            value={draft.model}
            onChange={(event) =>
              change({ model: event.target.value, parameters: without(draft, models, event.target.value) })
            }
            className={CONTROL}
          >
            {models.map(({ id, status }) => (
              <option key={id} value={id}>
                {status === 'Retiring' ? t('retiring', { id }) : id}
              </option>
            ))}
          </select>
        )}
      </Control>
      <Control label={t('prompt')} message={messageAt('prompt')}>
        {(attributes) => (
          <textarea
            {...attributes}
            data-search
            rows={4}
            value={draft.prompt}
            placeholder={t('promptPlaceholder')}
            onChange={(event) => change({ prompt: event.target.value })}
            className={CONTROL}
          />
        )}
      </Control>
      <ReferenceFields
        tenant={tenant}
        references={draft.references}
        onChange={(references) => change({ references })}
        messageAt={messageAt}
      />
      <ParameterFields draft={draft} model={model} onChange={change} messageAt={messageAt} />
      {error && place === null && <ErrorPanel error={error} />}
      <div className="sticky bottom-0 flex flex-wrap items-center gap-3 border-line border-t bg-surface py-3">
        <EstimateLine
          dryRun={isOfThisForm ? dryRun.data : undefined}
          isRefused={error !== null}
          isEmpty={body.content.length === 0}
        />
        <span className="ml-auto flex items-center gap-1">
          <span className="text-muted">curl</span>
          <CopyButton text={curlOf(body, window.location.origin)} label={t('copyCurl')} />
        </span>
        <Button type="submit" variant="primary" isBusy={isBusy}>
          {t('create')}
        </Button>
      </div>
    </form>
  )
}

/** Returns the parameters without what another model does not have. */
function without(draft: Draft, models: readonly Model[], id: string): Draft['parameters'] {
  const model = models.find((each) => each.id === id)
  const { resolution, ratio, ...rest } = draft.parameters
  return {
    ...rest,
    ...(resolution && model?.resolutions.includes(resolution) ? { resolution } : {}),
    ...(ratio && model?.ratios.includes(ratio) ? { ratio } : {}),
  }
}

function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

import { useTranslation } from 'react-i18next'
import { ConfirmButton } from '~/ui/confirm-button'
import { ApiForm } from '~/ui/form/api-form'
import { CheckField, FieldRow, FormActions, NumberField, TextArea, TextField } from '~/ui/form/fields'
import { integerOrNull, linesOrNull, objectOrNull, text } from '~/ui/form/schemas'
import { z } from '~/ui/form/zod'
import { useAct, useSend } from '~/ui/use-act'
import { changeModels, type Model } from './queries'

const CHANGED = ['models']

const schema = z
  .object({
    name: text(),
    upstream_id: text(),
    aliases: linesOrNull(),
    regions: objectOrNull(),
    resolutions: linesOrNull(),
    ratios: linesOrNull(),
    duration_min: integerOrNull(),
    duration_max: integerOrNull(),
    is_auto_duration_allowed: z.boolean(),
    max_reference_images: integerOrNull(),
    max_reference_videos: integerOrNull(),
    max_reference_audios: integerOrNull(),
    takes_generate_audio: z.boolean(),
  })
  // What is left empty gets the default of the API.
  .transform((form) => Object.fromEntries(Object.entries(form).filter(([, value]) => value !== null)))

/** The form of a model. The whole list is sent, in which this one is changed, added or left out. */
export function ModelForm({ model, onEnd }: { model?: Model; onEnd: () => void }) {
  const { t } = useTranslation(['models', 'common'])
  const save = useSend(
    (form: Record<string, unknown>) =>
      changeModels((models) => {
        if (!model) return [...models, form as unknown as Model]
        return models.map((each) =>
          each.name === model.name ? ({ ...pickKept(each), ...form } as unknown as Model) : each,
        )
      }),
    CHANGED,
    t('common:state.saved'),
  )
  const remove = useAct(
    () => changeModels((models) => models.filter((each) => each.name !== model?.name)),
    CHANGED,
    t('model.removed'),
  )
  const lines = (values: readonly string[] | undefined) => values?.join('\n') ?? ''
  const number = (value: number | undefined) => String(value ?? '')
  return (
    <ApiForm
      schema={schema}
      values={{
        name: model?.name ?? '',
        upstream_id: model?.upstream_id ?? '',
        aliases: lines(model?.aliases),
        regions: Object.keys(model?.regions ?? {}).length > 0 ? JSON.stringify(model?.regions, null, 2) : '',
        resolutions: lines(model?.resolutions),
        ratios: lines(model?.ratios),
        duration_min: number(model?.duration_min),
        duration_max: number(model?.duration_max),
        is_auto_duration_allowed: model?.is_auto_duration_allowed ?? true,
        max_reference_images: number(model?.max_reference_images),
        max_reference_videos: number(model?.max_reference_videos),
        max_reference_audios: number(model?.max_reference_audios),
        takes_generate_audio: model?.takes_generate_audio ?? true,
      }}
      send={async (form) => {
        await save(form)
        onEnd()
      }}
    >
      <TextField name="name" label={t('model.name')} autoFocus />
      <TextField name="upstream_id" label={t('model.upstreamId')} hint={t('model.upstreamHint')} />
      <TextArea name="aliases" label={t('model.aliases')} hint={t('model.oneALine')} rows={2} isCode />
      <TextArea name="regions" label={t('model.regions')} hint={t('model.regionsHint')} rows={2} isCode />
      <FieldRow>
        <TextArea name="resolutions" label={t('model.resolutions')} isCode />
        <TextArea name="ratios" label={t('model.ratios')} isCode />
      </FieldRow>
      <FieldRow>
        <NumberField name="duration_min" label={t('model.durationMin')} />
        <NumberField name="duration_max" label={t('model.durationMax')} />
      </FieldRow>
      <FieldRow>
        <NumberField name="max_reference_images" label={t('model.images')} />
        <NumberField name="max_reference_videos" label={t('model.videos')} />
        <NumberField name="max_reference_audios" label={t('model.audios')} />
      </FieldRow>
      <CheckField name="is_auto_duration_allowed" label={t('model.autoDuration')} />
      <CheckField name="takes_generate_audio" label={t('model.audio')} />
      {model && (
        <ConfirmButton
          className="self-start"
          label={t('model.remove')}
          question={t('model.removeQuestion')}
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate(undefined, { onSuccess: onEnd })}
        />
      )}
      <FormActions submit={t(model ? 'common:action.save' : 'common:action.create')} onCancel={onEnd} />
    </ApiForm>
  )
}

/** Returns the members that the form does not show, which stay as they are. */
function pickKept({ generate_audio_default, is_audio_alone_allowed }: Model) {
  return { generate_audio_default, is_audio_alone_allowed }
}

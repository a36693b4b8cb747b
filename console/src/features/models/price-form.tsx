import { useTranslation } from 'react-i18next'
import { ConfirmButton } from '~/ui/confirm-button'
import { ApiForm } from '~/ui/form/api-form'
import { FieldRow, FormActions, SelectField, TextField } from '~/ui/form/fields'
import { microsOrNull, momentOrNull, text, textOrNull } from '~/ui/form/schemas'
import { z } from '~/ui/form/zod'
import { microsText } from '~/ui/money'
import { useAct, useSend } from '~/ui/use-act'
import { changePrices, isSamePrice, type NewPrice, type Price } from './queries'

const CHANGED = ['prices']
const EITHER = ['any', 'yes', 'no'] as const
const TO_FLAG = { any: null, yes: true, no: false } as const

const schema = z
  .object({
    upstream_model: text(),
    resolution: textOrNull(),
    service_tier: textOrNull(),
    has_video_input: z.enum(EITHER),
    has_audio: z.enum(EITHER),
    currency: text(),
    micros_per_million_tokens: microsOrNull(),
    valid_from: momentOrNull(),
  })
  .transform(
    ({ has_video_input, has_audio, micros_per_million_tokens, valid_from, ...rest }): NewPrice => ({
      ...rest,
      has_video_input: TO_FLAG[has_video_input],
      has_audio: TO_FLAG[has_audio],
      // An amount that is missing is for the API to refuse.
      micros_per_million_tokens: micros_per_million_tokens as number,
      ...(valid_from === null ? {} : { valid_from }),
    }),
  )

/** The form of a price. The whole list is sent, to which the new price is added: what was created before keeps its price. */
export function PriceForm({ price, onEnd }: { price?: Price; onEnd: () => void }) {
  const { t } = useTranslation(['models', 'common'])
  const save = useSend(
    (added: NewPrice) => changePrices((prices) => [...prices, added]),
    CHANGED,
    t('common:state.saved'),
  )
  const remove = useAct(
    () =>
      changePrices((prices) =>
        prices.filter((each) => !price || !isSamePrice(each, price) || each.valid_from !== price.valid_from),
      ),
    CHANGED,
    t('price.removed'),
  )
  const flag = (value: boolean | null | undefined) => (value == null ? 'any' : value ? 'yes' : 'no')
  const options = EITHER.map((value) => ({
    value,
    label: value === 'any' ? t('price.any') : t(`common:state.${value}`),
  }))
  return (
    <ApiForm
      schema={schema}
      values={{
        upstream_model: price?.upstream_model ?? '',
        resolution: price?.resolution ?? '',
        service_tier: price?.service_tier ?? '',
        has_video_input: flag(price?.has_video_input),
        has_audio: flag(price?.has_audio),
        currency: price?.currency ?? 'CNY',
        micros_per_million_tokens: price ? microsText(price.micros_per_million_tokens) : '',
        valid_from: '',
      }}
      send={async (form) => {
        await save(form)
        onEnd()
      }}
    >
      <TextField name="upstream_model" label={t('model.upstreamId')} disabled={price !== undefined} />
      <FieldRow>
        <TextField name="resolution" label={t('price.resolution')} placeholder={t('price.any')} />
        <TextField name="service_tier" label={t('price.tier')} placeholder={t('price.any')} />
      </FieldRow>
      <FieldRow>
        <SelectField name="has_video_input" label={t('price.videoInput')} options={options} />
        <SelectField name="has_audio" label={t('price.audio')} options={options} />
      </FieldRow>
      <FieldRow>
        <TextField
          name="micros_per_million_tokens"
          label={t('price.amount')}
          inputMode="decimal"
          autoFocus={price !== undefined}
        />
        <TextField name="currency" label={t('price.currency')} />
      </FieldRow>
      <TextField
        name="valid_from"
        type="datetime-local"
        label={t('price.validFrom')}
        hint={t('price.validFromHint')}
      />
      {price && (
        <ConfirmButton
          className="self-start"
          label={t('price.remove')}
          question={t('price.removeQuestion')}
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate(undefined, { onSuccess: onEnd })}
        />
      )}
      <FormActions submit={t('common:action.save')} onCancel={onEnd} />
    </ApiForm>
  )
}

import { useTranslation } from 'react-i18next'
import { CONTROL } from '~/ui/form/fields'
import { Control } from './control'
import { type Draft, MORE_PARAMETERS, type Parameter } from './draft'
import type { Model } from './queries'

/** The parameters: first what the model's row lists, then all others. */
export function ParameterFields({
  draft,
  model,
  onChange,
  messageAt,
}: {
  draft: Draft
  model: Model | undefined
  onChange: (values: Partial<Draft>) => void
  messageAt: (name: string) => string | undefined
}) {
  const { t } = useTranslation('playground')
  const set = (name: string, value: string) =>
    onChange({ parameters: { ...draft.parameters, [name]: value } })
  const field = (parameter: Parameter, label: string, placeholder?: string) => (
    <ParameterField
      key={parameter.name}
      parameter={parameter}
      label={label}
      value={draft.parameters[parameter.name] ?? ''}
      message={messageAt(parameter.name)}
      placeholder={placeholder}
      onChange={(value) => set(parameter.name, value)}
    />
  )
  const range = model && `${model.durations.min}–${model.durations.max}${model.durations.auto ? ', -1' : ''}`
  const isOpen = MORE_PARAMETERS.some(({ name }) => messageAt(name) !== undefined) || undefined
  return (
    <>
      <div className="grid grid-cols-3 gap-3">
        {field(
          { name: 'resolution', kind: 'choice', choices: model?.resolutions },
          t('parameter.resolution'),
        )}
        {field({ name: 'ratio', kind: 'choice', choices: model?.ratios }, t('parameter.ratio'))}
        {field({ name: 'duration', kind: 'integer' }, t('parameter.duration'), range)}
      </div>
      <details open={isOpen} className="rounded-md border border-line px-3 py-2">
        <summary className="cursor-pointer font-medium">{t('more')}</summary>
        <div className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-3 pt-3">
          {MORE_PARAMETERS.map((parameter) => field(parameter, t(`parameter.${parameter.name}`)))}
          <Control label={t('parameter.web_search')} message={messageAt('tools')}>
            {(attributes) => (
              <input
                type="checkbox"
                {...attributes}
                checked={draft.isWebSearch}
                onChange={(event) => onChange({ isWebSearch: event.target.checked })}
                className="size-4 accent-accent"
              />
            )}
          </Control>
        </div>
        <p className="pt-2 text-muted text-xs">{t('moreHint')}</p>
      </details>
    </>
  )
}

function ParameterField({
  parameter,
  label,
  value,
  message,
  placeholder,
  onChange,
}: {
  parameter: Parameter
  label: string
  value: string
  message: string | undefined
  placeholder: string | undefined
  onChange: (value: string) => void
}) {
  const { t } = useTranslation('playground')
  const choices = parameter.kind === 'switch' ? ['true', 'false'] : parameter.choices
  return (
    <Control label={label} message={message}>
      {(attributes) =>
        choices ? (
          <select
            {...attributes}
            name={parameter.name}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            className={CONTROL}
          >
            <option value="">{t('default')}</option>
            {choices.map((choice) => (
              <option key={choice} value={choice}>
                {parameter.kind === 'switch' ? t(choice === 'true' ? 'yes' : 'no') : choice}
              </option>
            ))}
          </select>
        ) : (
          <input
            {...attributes}
            name={parameter.name}
            value={value}
            inputMode={parameter.kind === 'integer' ? 'numeric' : undefined}
            placeholder={placeholder ?? t('default')}
            autoComplete="off"
            onChange={(event) => onChange(event.target.value)}
            className={CONTROL}
          />
        )
      }
    </Control>
  )
}

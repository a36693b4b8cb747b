import { type ReactNode, useId } from 'react'
import { useFormContext, useFormState, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { Button, type ButtonProps } from '../button'
import { cx } from '../cx'

export const CONTROL =
  'w-full rounded border border-line bg-canvas px-2 py-1.5 aria-invalid:border-bad disabled:opacity-60'

interface FieldProps {
  /** The name in the form, which an error of the API may name. */
  name: string
  label: string
  hint?: ReactNode
  disabled?: boolean
}

interface Attributes {
  id: string
  'aria-invalid': boolean
  'aria-describedby': string | undefined
}

function useField(name: string): Attributes & { message: string | undefined } {
  const id = useId()
  const { errors } = useFormState({ name })
  const found = errors[name]?.message
  const message = typeof found === 'string' ? found : undefined
  return { id, 'aria-invalid': message !== undefined, 'aria-describedby': `${id}-note`, message }
}

function Framed({
  field,
  label,
  hint,
  children,
}: {
  field: ReturnType<typeof useField>
  label: string
  hint?: ReactNode
  children: (attributes: Attributes) => ReactNode
}) {
  const { message, ...attributes } = field
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={field.id} className="font-medium">
        {label}
      </label>
      {children({
        ...attributes,
        'aria-describedby': message || hint ? attributes['aria-describedby'] : undefined,
      })}
      <Note id={`${field.id}-note`} message={message} hint={hint} />
    </div>
  )
}

function Note({ id, message, hint }: { id: string; message: string | undefined; hint: ReactNode }) {
  if (!message && !hint) return null
  return (
    <p
      id={id}
      role={message ? 'alert' : undefined}
      className={cx('text-xs', message ? 'text-bad' : 'text-muted')}
    >
      {message ?? hint}
    </p>
  )
}

/** One line of text; also for numbers, dates and secrets, by `type`. */
export function TextField({
  name,
  label,
  hint,
  type = 'text',
  ...rest
}: FieldProps & {
  type?: 'text' | 'password' | 'url' | 'datetime-local' | 'date'
  placeholder?: string
  inputMode?: 'numeric' | 'decimal'
  autoComplete?: string
  autoFocus?: boolean
}) {
  const { register } = useFormContext()
  return (
    <Framed field={useField(name)} label={label} hint={hint}>
      {(attributes) => (
        <input
          type={type}
          autoComplete="off"
          spellCheck={false}
          {...rest}
          {...attributes}
          {...register(name)}
          className={CONTROL}
        />
      )}
    </Framed>
  )
}

/** A whole or decimal number, typed as text, so that nothing is lost that the browser cannot read. */
export function NumberField(props: FieldProps & { placeholder?: string; isDecimal?: boolean }) {
  const { isDecimal, ...rest } = props
  return <TextField {...rest} inputMode={isDecimal ? 'decimal' : 'numeric'} />
}

/** Several lines of text; also for lists, one entry a line. */
export function TextArea({
  name,
  label,
  hint,
  rows = 3,
  isCode = false,
  ...rest
}: FieldProps & { rows?: number; isCode?: boolean; placeholder?: string }) {
  const { register } = useFormContext()
  return (
    <Framed field={useField(name)} label={label} hint={hint}>
      {(attributes) => (
        <textarea
          rows={rows}
          spellCheck={!isCode}
          {...rest}
          {...attributes}
          {...register(name)}
          className={cx(CONTROL, isCode && 'font-mono text-xs')}
        />
      )}
    </Framed>
  )
}

export function SelectField({
  name,
  label,
  hint,
  options,
  ...rest
}: FieldProps & { options: readonly { value: string; label: string }[] }) {
  const { register } = useFormContext()
  return (
    <Framed field={useField(name)} label={label} hint={hint}>
      {(attributes) => (
        <select {...rest} {...attributes} {...register(name)} className={CONTROL}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Framed>
  )
}

export function CheckField({ name, label, hint, disabled }: FieldProps) {
  const { register } = useFormContext()
  const { message, ...attributes } = useField(name)
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={attributes.id} className="flex items-center gap-2">
        <input
          type="checkbox"
          disabled={disabled}
          {...attributes}
          aria-describedby={message || hint ? attributes['aria-describedby'] : undefined}
          {...register(name)}
          className="size-4 accent-accent"
        />
        {label}
      </label>
      <Note id={`${attributes.id}-note`} message={message} hint={hint} />
    </div>
  )
}

/** Some of a few values: an array in the form. */
/**
 * Several of some values.
 *
 * @param none what it means that none is ticked, which is said in the place of the hint as long as that is so.
 */
export function ChecksField({
  name,
  label,
  none,
  options,
}: Omit<FieldProps, 'hint'> & { none: string; options: readonly { value: string; label: string }[] }) {
  const { register } = useFormContext()
  const ticked: unknown = useWatch({ name })
  const hint = Array.isArray(ticked) && ticked.length > 0 ? undefined : none
  const { message, ...attributes } = useField(name)
  return (
    <fieldset
      className="flex flex-col gap-1"
      aria-describedby={message || hint ? `${attributes.id}-note` : undefined}
    >
      <legend className="mb-1 font-medium">{label}</legend>
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        {options.map((option) => (
          <label key={option.value} className="flex items-center gap-2">
            <input
              type="checkbox"
              value={option.value}
              {...register(name)}
              className="size-4 accent-accent"
            />
            {option.label}
          </label>
        ))}
      </div>
      <Note id={`${attributes.id}-note`} message={message} hint={hint} />
    </fieldset>
  )
}

/** Fields beside each other where there is room. */
export function FieldRow({ children }: { children: ReactNode }) {
  return <div className="grid grid-cols-[repeat(auto-fit,minmax(8rem,1fr))] gap-3">{children}</div>
}

/** The end of a form: what sends it, and what leaves it. */
export function FormActions({
  submit,
  onCancel,
  ...props
}: ButtonProps & { submit: string; onCancel?: () => void }) {
  const { t } = useTranslation()
  const { isSubmitting } = useFormState()
  return (
    <div className="flex justify-end gap-2">
      {onCancel && <Button onClick={onCancel}>{t('action.cancel')}</Button>}
      <Button type="submit" variant="primary" isBusy={isSubmitting} {...props}>
        {submit}
      </Button>
    </div>
  )
}

import { zodResolver } from '@hookform/resolvers/zod'
import { type ReactNode, useState } from 'react'
import { type DefaultValues, type FieldValues, FormProvider, type Path, useForm } from 'react-hook-form'
import { type ApiError, asApiError } from '~/api/errors'
import { ErrorPanel } from '../error-panel'
import { fieldOf } from './field-of'
import type { z } from './zod'

/**
 * A form whose content goes to the API. What the API refuses is said beside the field it names, in its own words.
 *
 * @param schema what becomes of the texts in the fields before they are sent; see `schemas.ts`.
 * @param values what the fields begin with, each as people type it. The names are flat: `rpm` for `limits.rpm`.
 * @param send sends the content; what it throws is shown.
 */
export function ApiForm<Fields extends FieldValues, Body>({
  schema,
  values,
  send,
  className = 'flex flex-col gap-4',
  children,
}: {
  schema: z.ZodType<Body, Fields>
  values: DefaultValues<Fields>
  send: (body: Body) => Promise<unknown>
  className?: string
  children: ReactNode
}) {
  const [error, setError] = useState<ApiError | null>(null)
  const form = useForm<Fields, unknown, Body>({ resolver: zodResolver(schema), defaultValues: values })
  const submit = form.handleSubmit(async (body) => {
    setError(null)
    try {
      await send(body)
    } catch (thrown) {
      const refused = asApiError(thrown)
      const field = fieldOf(refused.param, Object.keys(form.getValues()))
      if (field === null) setError(refused)
      else form.setError(field as Path<Fields>, { message: refused.message }, { shouldFocus: true })
    }
  })
  return (
    <FormProvider {...form}>
      <form noValidate onSubmit={submit} className={className}>
        {children}
        {error && <ErrorPanel error={error} />}
      </form>
    </FormProvider>
  )
}

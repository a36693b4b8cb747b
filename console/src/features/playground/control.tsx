import { type ReactNode, useId } from 'react'

export interface ControlAttributes {
  id: string
  'aria-invalid': boolean
  'aria-describedby': string | undefined
}

/** A label, its control, and below it what the API says against it. */
export function Control({
  label,
  message,
  children,
}: {
  label: string
  message: string | undefined
  children: (attributes: ControlAttributes) => ReactNode
}) {
  const id = useId()
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children({
        id,
        'aria-invalid': message !== undefined,
        'aria-describedby': message === undefined ? undefined : `${id}-message`,
      })}
      {message !== undefined && (
        <p id={`${id}-message`} role="alert" className="break-words text-bad text-xs">
          {message}
        </p>
      )}
    </div>
  )
}

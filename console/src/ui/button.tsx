import { useRender } from '@base-ui/react/use-render'
import type { ComponentProps, ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { cx } from './cx'
import { CloseIcon } from './icons'

const VARIANTS = {
  primary: 'bg-accent text-on-accent border-transparent hover:brightness-110',
  plain: 'bg-surface text-ink border-line hover:bg-raised',
  quiet: 'bg-transparent text-muted border-transparent hover:bg-raised hover:text-ink',
  danger: 'bg-surface text-bad border-line hover:bg-bad-soft',
} as const

const SIZES = { normal: 'px-2.5 py-1', icon: 'p-1' } as const

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: keyof typeof VARIANTS
  size?: keyof typeof SIZES
  /** Shows that the click is being worked on, and takes no other. */
  isBusy?: boolean
  /** What is rendered in place of a button, such as a link. */
  render?: ReactElement<Record<string, unknown>>
}

export function Button({
  variant = 'plain',
  size = 'normal',
  isBusy = false,
  render,
  className,
  disabled,
  ...props
}: ButtonProps) {
  return useRender({
    defaultTagName: 'button',
    render,
    props: {
      ...(render ? {} : { type: 'button' }),
      ...props,
      disabled: disabled || isBusy || undefined,
      'aria-busy': isBusy || undefined,
      className: cx(
        'inline-flex items-center justify-center gap-1.5 whitespace-nowrap rounded border font-medium disabled:opacity-50 aria-busy:motion-safe:animate-pulse',
        SIZES[size],
        VARIANTS[variant],
        className,
      ),
    },
  })
}

/** A small button that shows only an icon; `label` is its name. */
export function IconButton({ label, ...props }: ButtonProps & { label: string }) {
  return <Button variant="quiet" size="icon" aria-label={label} title={label} {...props} />
}

export function CloseButton(props: ButtonProps) {
  const { t } = useTranslation()
  return (
    <IconButton label={t('action.close')} {...props}>
      <CloseIcon />
    </IconButton>
  )
}

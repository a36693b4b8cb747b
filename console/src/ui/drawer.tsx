import { Dialog } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import { CloseButton } from './button'
import { cx } from './cx'

/**
 * Details at the right, over the page they belong to. It is open as long as it is rendered.
 *
 * @param onClose removes it: usually takes its id out of the address.
 */
export function Drawer({
  title,
  subtitle,
  actions,
  isWide = false,
  onClose,
  children,
}: {
  title: string
  subtitle?: ReactNode
  actions?: ReactNode
  isWide?: boolean
  onClose: () => void
  children: ReactNode
}) {
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/25" />
        <Dialog.Popup
          className={cx(
            'fixed inset-y-0 right-0 z-40 flex w-full flex-col overflow-hidden border-line border-l bg-surface shadow-2xl outline-none',
            isWide ? 'sm:max-w-3xl' : 'sm:max-w-lg',
          )}
        >
          <header className="flex items-start gap-2 border-line border-b px-4 py-3">
            <div className="min-w-0 flex-1">
              <Dialog.Title className="break-words font-semibold text-sm">{title}</Dialog.Title>
              {subtitle && <div className="text-muted">{subtitle}</div>}
            </div>
            {actions}
            <CloseButton render={<Dialog.Close />} />
          </header>
          <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-4 py-4">{children}</div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

import { Toast } from '@base-ui/react/toast'
import { useEffect } from 'react'
import { CloseButton } from './button'
import { cx } from './cx'
import { receiveMessages } from './toast'

const ERROR_MS = 15_000

const queue = Toast.createToastManager()

export default function ToastCorner() {
  useEffect(
    () =>
      receiveMessages({
        show: ({ text, detail, isError }) =>
          queue.add({
            title: text,
            description: detail,
            // Not of high priority, with which the library hides the message itself from who does not see it.
            ...(isError ? { type: 'error', timeout: ERROR_MS } : {}),
          }),
        removeAll: () => queue.close(),
      }),
    [],
  )
  return (
    <Toast.Provider toastManager={queue}>
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 z-[60] flex w-80 max-w-[calc(100vw-2rem)] flex-col gap-2">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={cx(
        'rounded-md border bg-surface px-3 py-2 shadow-lg data-limited:hidden',
        toast.type === 'error' ? 'border-bad' : 'border-line',
      )}
    >
      <Toast.Content className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <Toast.Title className={cx('break-words font-medium', toast.type === 'error' && 'text-bad')} />
          <Toast.Description className="break-all font-mono text-muted text-xs" />
        </div>
        <CloseButton render={<Toast.Close />} />
      </Toast.Content>
    </Toast.Root>
  ))
}

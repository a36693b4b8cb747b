import { AlertDialog } from '@base-ui/react/alert-dialog'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ApiError, asApiError } from '~/api/errors'
import { Button } from './button'
import { ErrorPanel } from './error-panel'

/**
 * Asks before what cannot be undone: the name has to be typed. It is open as long as it is rendered.
 *
 * @param children what will happen, in words.
 * @param act does it; the dialog closes when it has succeeded, and shows the error otherwise.
 */
export function ConfirmByTyping({
  title,
  name,
  action,
  act,
  onClose,
  children,
}: {
  title: string
  name: string
  action: string
  act: () => Promise<unknown>
  onClose: () => void
  children: ReactNode
}) {
  const { t } = useTranslation()
  const id = useId()
  const [typed, setTyped] = useState('')
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<ApiError | null>(null)
  const isRight = typed.trim() === name

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!isRight) return
    setIsBusy(true)
    setError(null)
    try {
      await act()
      onClose()
    } catch (thrown) {
      setError(asApiError(thrown))
      setIsBusy(false)
    }
  }

  return (
    <AlertDialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-50 bg-black/40" />
        <AlertDialog.Popup className="fixed top-1/2 left-1/2 z-50 w-96 max-w-[calc(100vw-2rem)] -translate-1/2 rounded-md border border-line bg-surface p-4 shadow-2xl">
          <form onSubmit={submit} className="flex flex-col gap-3">
            <AlertDialog.Title className="font-semibold text-sm">{title}</AlertDialog.Title>
            <AlertDialog.Description render={<div />} className="flex flex-col gap-2 text-muted">
              {children}
            </AlertDialog.Description>
            <label htmlFor={id}>{t('confirm.type', { name })}</label>
            <input
              id={id}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoComplete="off"
              spellCheck={false}
              className="rounded border border-line bg-canvas px-2 py-1.5"
            />
            {error && <ErrorPanel error={error} />}
            <div className="flex justify-end gap-2">
              <Button render={<AlertDialog.Close />}>{t('action.cancel')}</Button>
              <Button type="submit" variant="danger" disabled={!isRight} isBusy={isBusy}>
                {action}
              </Button>
            </div>
          </form>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

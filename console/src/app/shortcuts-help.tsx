import { Dialog } from '@base-ui/react/dialog'
import { useTranslation } from 'react-i18next'
import { useSession } from '~/session/session'
import { CloseButton } from '~/ui/button'
import { pagesOf } from './pages'

/** The list of all shortcuts. It is open as long as it is rendered. */
export default function ShortcutsHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const pages = pagesOf(useSession())
  const rows: [string[], string][] = [
    [['/'], t('shortcuts.search')],
    ...pages.map((page): [string[], string] => [['g', page.key], t(`pages.${page.name}`)]),
    [['Esc'], t('shortcuts.close')],
    [['?'], t('shortcuts.title')],
  ]
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-black/30" />
        <Dialog.Popup className="fixed top-1/2 left-1/2 max-h-[90dvh] w-80 max-w-[calc(100vw-2rem)] -translate-1/2 overflow-y-auto rounded-md border border-line bg-surface p-4 shadow-xl">
          <div className="mb-3 flex items-center justify-between">
            <Dialog.Title className="font-semibold">{t('shortcuts.title')}</Dialog.Title>
            <CloseButton render={<Dialog.Close />} />
          </div>
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
            {rows.map(([keys, meaning]) => (
              <div key={keys.join(' ')} className="contents">
                <dt className="flex gap-1">
                  {keys.map((key) => (
                    <kbd key={key} className="rounded border border-line bg-raised px-1.5 text-xs">
                      {key}
                    </kbd>
                  ))}
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

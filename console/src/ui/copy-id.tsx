import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from './button'
import { copyText } from './copy'
import { cx } from './cx'
import { CheckIcon, CopyIcon } from './icons'

const SHOWN_MS = 1_500

/** An id that can be copied; it is cut in the middle of a table unless `isWhole`. */
export function CopyId({ id, isWhole = false }: { id: string; isWhole?: boolean }) {
  return (
    <span className="inline-flex max-w-full items-center gap-0.5 align-bottom">
      <code className={cx('text-xs', isWhole ? 'break-all' : 'max-w-44 truncate')} title={id}>
        {id}
      </code>
      <CopyButton text={id} />
    </span>
  )
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation()
  const [isCopied, setIsCopied] = useState(false)

  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setIsCopied(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [isCopied])

  return (
    <>
      <IconButton
        label={label ?? t('action.copy', { text })}
        className="-my-1"
        onClick={(event) => {
          // In a row that opens a drawer when it is clicked.
          event.stopPropagation()
          void copyText(text).then(() => setIsCopied(true))
        }}
      >
        {isCopied ? <CheckIcon /> : <CopyIcon />}
      </IconButton>
      <span aria-live="polite" className="sr-only">
        {isCopied ? t('state.copied') : ''}
      </span>
    </>
  )
}

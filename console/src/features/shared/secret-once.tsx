import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '~/ui/button'
import { CopyButton } from '~/ui/copy-id'

/** A secret that is shown only now; it goes when it is said to be saved. */
export function SecretOnce({
  label,
  secret,
  more,
  onSaved,
}: {
  label: string
  secret: string
  more?: ReactNode
  onSaved: () => void
}) {
  const { t } = useTranslation('keys')
  const [isSure, setIsSure] = useState(false)
  return (
    <div className="flex flex-col gap-2 rounded-md border border-warn/50 bg-warn-soft p-3">
      <p className="font-medium text-warn">{t('once.title')}</p>
      <p className="text-muted">{label}</p>
      <div className="flex items-start gap-1">
        <code data-secret className="break-all rounded bg-surface px-2 py-1">
          {secret}
        </code>
        <CopyButton text={secret} label={t('once.copy')} />
      </div>
      {more}
      <div className="flex flex-wrap items-center justify-between gap-2">
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            checked={isSure}
            onChange={(event) => setIsSure(event.target.checked)}
            className="size-4 accent-accent"
          />
          {t('once.saved')}
        </label>
        <Button disabled={!isSure} onClick={onSaved}>
          {t('once.done')}
        </Button>
      </div>
    </div>
  )
}

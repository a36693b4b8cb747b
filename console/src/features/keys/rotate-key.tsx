import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type IssuedKey, type Key, rotateKey } from '~/features/shared/keys'
import { ConfirmButton } from '~/ui/confirm-button'
import { Section } from '~/ui/page'
import { useAct } from '~/ui/use-act'

/** How long the old key may still be used, in seconds. */
const GRACES = { none: 0, hour: 3_600, day: 86_400, week: 604_800, month: 2_592_000 } as const

/** A new key with the same rights; the old one works for a while. */
export function RotateKey({ of, onIssued }: { of: Key; onIssued: (issued: IssuedKey) => void }) {
  const { t } = useTranslation('keys')
  const [grace, setGrace] = useState<keyof typeof GRACES>('day')
  const rotate = useAct(() => rotateKey(of.id, GRACES[grace]), ['keys'])
  return (
    <Section title={t('rotate.title')}>
      <p className="text-muted">{t('rotate.hint')}</p>
      <div className="flex flex-wrap items-end gap-2">
        <label className="flex flex-col gap-1">
          <span className="text-muted text-xs">{t('rotate.grace')}</span>
          <select
            value={grace}
            onChange={(event) => setGrace(event.target.value as keyof typeof GRACES)}
            className="rounded border border-line bg-canvas px-2 py-1"
          >
            {(Object.keys(GRACES) as (keyof typeof GRACES)[]).map((name) => (
              <option key={name} value={name}>
                {t(`rotate.graces.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <ConfirmButton
          label={t('rotate.action')}
          question={t('rotate.question')}
          isBusy={rotate.isPending}
          onConfirm={() => rotate.mutate(undefined, { onSuccess: onIssued })}
        />
      </div>
    </Section>
  )
}

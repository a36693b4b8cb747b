import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { lendKey } from '~/session/borrowed-key'
import { Button } from '~/ui/button'
import type { IssuedKey } from './keys'
import { SecretOnce } from './secret-once'

/** A new key, which is shown only now; it can be taken to the playground. */
export function IssuedKeyOnce({ issued, onSaved }: { issued: IssuedKey; onSaved: () => void }) {
  const { t } = useTranslation('keys')
  const navigate = useNavigate()
  return (
    <SecretOnce
      label={t('issued.label', { name: issued.name })}
      secret={issued.key}
      onSaved={onSaved}
      more={
        <Button
          className="self-start"
          onClick={() => {
            lendKey(issued.key)
            void navigate({ to: '/playground' })
          }}
        >
          {t('issued.try')}
        </Button>
      }
    />
  )
}

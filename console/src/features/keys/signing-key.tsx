import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '~/api/client'
import { createSigningKey, deleteSigningKey, type Key } from '~/features/shared/keys'
import { SecretOnce } from '~/features/shared/secret-once'
import { Button } from '~/ui/button'
import { ConfirmButton } from '~/ui/confirm-button'
import { CopyId } from '~/ui/copy-id'
import { Section } from '~/ui/page'
import { useAct } from '~/ui/use-act'

/** The pair of access key and secret with which SDKs sign requests to the native entry. */
export function SigningKey({ of }: { of: Key }) {
  const { t } = useTranslation('keys')
  const [issued, setIssued] = useState<Schemas['IssuedSigningKeyView'] | null>(null)
  const create = useAct(() => createSigningKey(of.id), ['keys'])
  const remove = useAct(() => deleteSigningKey(of.id), ['keys'], t('signing.deleted'))
  const make = () => create.mutate(undefined, { onSuccess: setIssued })
  return (
    <Section title={t('signing.title')}>
      <p className="text-muted">{t('signing.hint')}</p>
      {issued && (
        <SecretOnce
          label={t('signing.label', { id: issued.access_key_id })}
          secret={issued.secret_access_key}
          onSaved={() => setIssued(null)}
        />
      )}
      {!issued && of.access_key_id && (
        <div className="flex flex-wrap items-center gap-2">
          <CopyId id={of.access_key_id} isWhole />
          <ConfirmButton
            label={t('signing.replace')}
            question={t('signing.replaceQuestion')}
            isBusy={create.isPending}
            onConfirm={make}
          />
          <ConfirmButton
            label={t('signing.delete')}
            question={t('signing.deleteQuestion')}
            isBusy={remove.isPending}
            onConfirm={() => remove.mutate()}
          />
        </div>
      )}
      {!issued && !of.access_key_id && (
        <Button className="self-start" isBusy={create.isPending} onClick={make}>
          {t('signing.create')}
        </Button>
      )}
    </Section>
  )
}

import { useTranslation } from 'react-i18next'
import { CopyButton } from '~/ui/copy-id'
import { Section } from '~/ui/page'
import type { Caller } from './queries'
import { samplesFor } from './samples'

/** How to point each SDK at this gateway, with the key's public part filled in: the key itself is known to its owner. */
export function Setup({ caller }: { caller: Caller }) {
  const { t } = useTranslation('me')
  return (
    <>
      <p className="max-w-prose text-muted">{t('setup.hint', { public: caller.key.public_part })}</p>
      {samplesFor(window.location.origin, caller.key.public_part).map(({ name, code }) => (
        <Section
          key={name}
          title={name}
          actions={<CopyButton text={code} label={t('setup.copy', { name })} />}
        >
          <pre className="overflow-x-auto rounded-md border border-line bg-raised p-3 text-xs">
            <code>{code}</code>
          </pre>
        </Section>
      ))}
    </>
  )
}

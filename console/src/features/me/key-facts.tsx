import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { CopyId } from '~/ui/copy-id'
import { Facts } from '~/ui/facts'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import type { Caller } from './queries'

/** Who the key is, what it may do, and what is left of its limits. */
export function KeyFacts({ caller }: { caller: Caller }) {
  const { t } = useTranslation(['me', 'keys', 'common'])
  const limits = Object.entries(caller.limits)
  return (
    <>
      <Facts
        items={[
          [t('key.tenant'), caller.tenant.name],
          [t('key.name'), caller.key.name],
          [t('key.publicPart'), <CopyId key="public" id={caller.key.public_part} isWhole />],
          [
            t('key.expires'),
            caller.key.expires_at ? (
              <RelativeTime key="expires" at={caller.key.expires_at} />
            ) : (
              t('common:state.never')
            ),
          ],
          [t('key.permissions'), caller.permissions.map((name) => permissionName(name, t)).join(' · ')],
          [t('key.models'), caller.allowed_models?.join(', ') ?? t('common:state.all')],
        ]}
      />
      <Section title={t('limits.title')}>
        {limits.length === 0 && <p className="text-muted">{t('limits.none')}</p>}
        <Facts
          items={limits.map(([name, limit]) => [
            limitName(name, t),
            t('limits.left', {
              left: limit.left,
              limit: limit.limit,
              seconds: limit.window_seconds,
            }),
          ])}
        />
      </Section>
    </>
  )
}

type Texts = TFunction<['me', 'keys', 'common']>

function permissionName(name: string, t: Texts): string {
  return t(`keys:permission.${name as 'tasks'}`, { defaultValue: name })
}

/** Returns `key-create-rpm` in words. */
function limitName(name: string, t: Texts): string {
  const [, owner, limit] = name.match(/^(key|tenant)-(.+)$/) ?? []
  if (owner === undefined || limit === undefined) return name
  const words = t(`keys:rights.${limit.replaceAll('-', '_') as 'rpm'}`, { defaultValue: limit })
  return `${t(`limits.of.${owner as 'key' | 'tenant'}`)} · ${words}`
}

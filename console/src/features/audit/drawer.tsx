import { useTranslation } from 'react-i18next'
import { api, unwrap } from '~/api/client'
import { useOne } from '~/api/one'
import { TenantName } from '~/features/shared/tenant-name'
import { CopyId } from '~/ui/copy-id'
import { Drawer } from '~/ui/drawer'
import { Facts } from '~/ui/facts'
import { Section } from '~/ui/page'
import { RelativeTime } from '~/ui/relative-time'
import { RowDrawer } from '~/ui/row-drawer'
import { useActions } from './actions'
import type { AuditEntry } from './page'

/** The drawer of the row that the address names. */
export function AuditById({
  id,
  listed,
  onClose,
}: {
  id: string
  listed: AuditEntry | undefined
  onClose: () => void
}) {
  const { t } = useTranslation('audit')
  const query = useOne<AuditEntry>(
    'audit',
    id,
    (signal) => unwrap(api.GET('/admin/v1/audit/{entry_id}', { params: { path: { entry_id: id } }, signal })),
    listed,
  )
  return (
    <RowDrawer title={t('title')} id={id} query={query} onClose={onClose}>
      {(entry) => <AuditDrawer entry={entry} onClose={onClose} />}
    </RowDrawer>
  )
}

/** One row of the audit log, with the values before and after. */
function AuditDrawer({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const { t } = useTranslation('audit')
  const actions = useActions()
  const { before, after, ...others } = entry.detail
  const hasChange = before !== undefined || after !== undefined
  return (
    <Drawer
      title={actions.get(entry.action) ?? entry.action}
      subtitle={<RelativeTime at={entry.at} />}
      isWide={hasChange}
      onClose={onClose}
    >
      <Facts
        items={[
          [t('column.code'), <CopyId key="code" id={entry.action} isWhole />],
          [t('column.actor'), entry.actor],
          [t('column.address'), entry.address],
          [t('column.kind'), entry.target_type],
          [t('column.target'), <CopyId key="target" id={entry.target_id} isWhole />],
          [t('column.tenant'), entry.tenant_id && <TenantName id={entry.tenant_id} />],
        ]}
      />
      {hasChange && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Value title={t('before')} value={before} />
          <Value title={t('after')} value={after} />
        </div>
      )}
      {Object.keys(others).length > 0 && <Value title={t('detail')} value={others} />}
    </Drawer>
  )
}

function Value({ title, value }: { title: string; value: unknown }) {
  return (
    <Section title={title}>
      <pre className="whitespace-pre-wrap break-words rounded bg-raised p-2 text-xs">
        {JSON.stringify(value ?? null, null, 2)}
      </pre>
    </Section>
  )
}

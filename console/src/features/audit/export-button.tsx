import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '~/api/client'
import type { QueryOf } from '~/api/types'
import { Button } from '~/ui/button'
import { saveFile } from '~/ui/save-file'
import { sayingErrors } from '~/ui/toast'
import type { AuditEntry } from './page'

const PAGE_ROWS = 100
const MAX_ROWS = 10_000

/** Saves the rows that match the filters, as NDJSON: one row a line. */
export function ExportButton({ wanted }: { wanted: QueryOf<'/admin/v1/audit'> }) {
  const { t } = useTranslation('audit')
  const save = useMutation({
    mutationFn: () => readAll(wanted),
    onSuccess: ({ rows, isCut }, _, present) => {
      if (!present.isThere()) return
      saveFile(
        'audit.ndjson',
        new Blob(
          rows.map((row) => `${JSON.stringify(row)}\n`),
          { type: 'application/x-ndjson' },
        ),
      )
      if (isCut) present.say(t('export.cut', { count: MAX_ROWS }))
    },
    ...sayingErrors,
  })
  return (
    <Button isBusy={save.isPending} onClick={() => save.mutate()}>
      {t('export.button')}
    </Button>
  )
}

async function readAll(wanted: QueryOf<'/admin/v1/audit'>): Promise<{ rows: AuditEntry[]; isCut: boolean }> {
  const rows: AuditEntry[] = []
  let after: string | undefined
  do {
    const query = { ...wanted, after, limit: PAGE_ROWS }
    const page = await unwrap(api.GET('/admin/v1/audit', { params: { query } }))
    rows.push(...page.data)
    after = page.next_cursor ?? undefined
  } while (after && rows.length < MAX_ROWS)
  return { rows, isCut: after !== undefined }
}

import { useTranslation } from 'react-i18next'

const ROWS = ['w-11/12', 'w-10/12', 'w-11/12', 'w-9/12', 'w-10/12', 'w-8/12']

/** Lines in place of content that is on its way. */
export function Skeleton({ rows = ROWS.length }: { rows?: number }) {
  const { t } = useTranslation()
  return (
    <div role="status" aria-label={t('state.loading')} className="flex flex-col gap-3 py-2">
      {ROWS.slice(0, rows).map((width, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change
        <div key={index} className={`h-3.5 motion-safe:animate-pulse rounded bg-raised ${width}`} />
      ))}
    </div>
  )
}

/** Like `Skeleton`, before the texts of a page are there. */
export function PageSkeleton() {
  return <Skeleton />
}

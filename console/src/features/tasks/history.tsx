import { useTranslation } from 'react-i18next'
import { RelativeTime } from '~/ui/relative-time'
import { StatusBadge } from '~/ui/status-badge'
import type { TaskDetail } from './queries'

const SOURCES = ['create', 'poll', 'list', 'callback', 'delete', 'reconciler', 'operator'] as const

/** What became of a task, as a time line: each change of its state, and from where it was known. */
export function TaskHistory({ history }: { history: TaskDetail['history'] }) {
  const { t } = useTranslation('tasks')
  const sourceOf = (source: string) => {
    const known = SOURCES.find((each) => each === source)
    return known ? t(`source.${known}`) : source
  }
  return (
    <ol className="ml-1 flex flex-col border-line border-l">
      {history.map((event, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a history only grows at its end
        <li key={index} className="relative flex flex-wrap items-baseline gap-x-2 py-1 pl-4">
          <span aria-hidden className="absolute top-2.5 -left-1 size-2 rounded-full bg-muted" />
          <StatusBadge status={event.status} />
          <span className="text-muted">
            {sourceOf(event.source)} · <RelativeTime at={event.at} />
          </span>
          {event.detail && <span className="w-full break-words">{event.detail}</span>}
        </li>
      ))}
    </ol>
  )
}

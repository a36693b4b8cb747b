import type { ReactNode } from 'react'

/** What is shown where nothing is: what that means, and what to do. */
export function EmptyState({ title, hint, action }: { title: string; hint?: string; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 rounded-md border border-line border-dashed px-4 py-10 text-center">
      <p className="font-medium">{title}</p>
      {hint && <p className="max-w-prose text-muted">{hint}</p>}
      {action}
    </div>
  )
}

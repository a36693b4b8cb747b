import type { ReactNode } from 'react'

/** A page: its title, what can be done on it, what comes before all else, its filters, its content. */
export function Page({
  title,
  actions,
  lead,
  filters,
  children,
}: {
  title: string
  actions?: ReactNode
  lead?: ReactNode
  filters?: ReactNode
  children: ReactNode
}) {
  return (
    <div className="flex flex-col gap-3">
      <title>{`${title} · Seedgate`}</title>
      <div className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="font-semibold text-base">{title}</h1>
        {actions && <div className="ml-auto flex flex-wrap gap-2">{actions}</div>}
      </div>
      {lead}
      {filters && <search className="flex flex-wrap items-end gap-2">{filters}</search>}
      {children}
    </div>
  )
}

/** A part of a page or of a drawer, under a heading. */
export function Section({
  title,
  actions,
  children,
}: {
  title: string
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <section className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="font-semibold">{title}</h2>
        {actions && <div className="ml-auto flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </section>
  )
}

import { Tabs as BaseTabs } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'

/** Parts of a page of which one is shown. */
export function Tabs<Name extends string>({
  label,
  tabs,
  current,
  onChange,
  children,
}: {
  label: string
  tabs: readonly { name: Name; label: string }[]
  current: Name
  onChange: (name: Name) => void
  children: ReactNode
}) {
  return (
    <BaseTabs.Root value={current} onValueChange={(name) => onChange(name as Name)}>
      <BaseTabs.List aria-label={label} className="mb-3 flex gap-4 border-line border-b">
        {tabs.map((tab) => (
          <BaseTabs.Tab
            key={tab.name}
            value={tab.name}
            className="-mb-px border-transparent border-b-2 px-0.5 py-1.5 text-muted data-active:border-accent data-active:text-ink"
          >
            {tab.label}
          </BaseTabs.Tab>
        ))}
      </BaseTabs.List>
      <BaseTabs.Panel value={current} className="flex flex-col gap-3 outline-none">
        {children}
      </BaseTabs.Panel>
    </BaseTabs.Root>
  )
}

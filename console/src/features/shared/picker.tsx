import { Combobox } from '@base-ui/react/combobox'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CloseIcon } from '~/ui/icons'

export interface Choice {
  id: string
  name: string
  /** What is shown below the name; without it the id. */
  detail?: string
}

const CHOICES = 20

/** A filter by one of many objects, which are found by what is typed. */
export function Picker({
  label,
  name,
  scope,
  value,
  placeholder,
  isSearch = false,
  find,
  read,
  onChange,
}: {
  label: string
  /** The first part of the keys of its queries. */
  name: string
  /** What the choices depend on beside the text. */
  scope?: string
  value: string | undefined
  placeholder?: string
  /** The key `/` focuses it. */
  isSearch?: boolean
  find: (text: string | undefined, limit: number, signal: AbortSignal) => Promise<Choice[]>
  /** Returns what has the id, or null. */
  read: (id: string, signal: AbortSignal) => Promise<Choice | null>
  onChange: (id: string) => void
}) {
  const { t } = useTranslation()
  const id = useId()
  const [typed, setTyped] = useState('')
  const [root, setRoot] = useState<HTMLElement | null>(null)
  const found = useQuery({
    queryKey: [name, 'choices', scope, typed.trim()],
    queryFn: ({ signal }) => find(typed.trim() || undefined, CHOICES, signal),
    placeholderData: (before) => before,
  })
  const chosen = useQuery({
    queryKey: [name, 'choice', value],
    queryFn: ({ signal }) => read(value ?? '', signal),
    enabled: value !== undefined,
    retry: false,
  })
  const choices: Choice[] = found.data ?? []
  const current: Choice | null = value ? { id: value, name: chosen.data?.name ?? value } : null

  return (
    <Combobox.Root
      items={choices}
      value={current}
      filter={null}
      itemToStringLabel={(choice: Choice) => choice.name}
      isItemEqualToValue={(choice: Choice, other: Choice) => choice.id === other.id}
      onValueChange={(choice) => onChange(choice?.id ?? '')}
      onInputValueChange={(text, { reason }) => setTyped(reason === 'input-change' ? text : '')}
    >
      <div ref={setRoot} className="flex min-w-0 flex-col gap-0.5">
        <label htmlFor={id} className="text-muted text-xs">
          {label}
        </label>
        <Combobox.InputGroup className="relative">
          <Combobox.Input
            id={id}
            placeholder={placeholder ?? t('filter.all')}
            data-search={isSearch || undefined}
            className="w-44 min-w-0 rounded border border-line bg-surface h-[1.875rem] pr-7 pl-2"
          />
          <Combobox.Clear
            aria-label={t('filter.clear')}
            className="absolute inset-y-0 right-1 flex items-center text-muted"
          >
            <CloseIcon />
          </Combobox.Clear>
        </Combobox.InputGroup>
      </div>
      {/* What is outside of an open drawer cannot be reached. */}
      <Combobox.Portal
        container={root?.closest<HTMLElement>('[role=dialog]') ?? document.getElementById('page')}
      >
        <Combobox.Positioner sideOffset={4} className="z-50 outline-none">
          <Combobox.Popup className="w-64 max-w-[var(--available-width)] rounded-md border border-line bg-surface py-1 shadow-lg">
            <Combobox.Empty className="px-3 py-1 text-muted empty:hidden">
              {found.isFetching ? null : t('filter.nothing')}
            </Combobox.Empty>
            <Combobox.List className="max-h-[min(var(--available-height),20rem)] overflow-y-auto">
              {(choice: Choice) => (
                <Combobox.Item
                  key={choice.id}
                  value={choice}
                  className="flex cursor-default flex-col px-3 py-1 outline-none data-highlighted:bg-raised"
                >
                  <span className="truncate">{choice.name}</span>
                  <span className="truncate font-mono text-muted text-xs">{choice.detail ?? choice.id}</span>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  )
}

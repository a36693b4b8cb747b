import { useNavigate, useSearch } from '@tanstack/react-router'

/** State of a page that is in its address, so that it survives a reload and can be sent to others. */
export interface Address<Name extends string> {
  search: { readonly [Key in Name]?: string }
  /** Sets parameters; an empty or undefined value removes one. */
  change: (values: { [Key in Name]?: string }) => void
  /** Sets filters and goes to the first page. */
  filter: (values: { [Key in Name]?: string }) => void
}

// The router's own type knows no page that may be any.
const useShownSearch = useSearch as (options: { strict: false }) => unknown

/** Returns the state in the address of the current page; the page's route declares the names. */
export function useAddress<Name extends string>(): Address<Name> {
  // Of the page that is shown: the address may already be that of the next one, whose code is on its way.
  const search = useShownSearch({ strict: false }) as { [Key in Name]?: string }
  const navigate = useNavigate()
  const change = (values: Record<string, string | undefined>, isFilter = false) => {
    void navigate({
      to: '.',
      search: (before: Record<string, unknown>) => ({
        ...before,
        ...(isFilter ? { after: undefined } : {}),
        ...values,
      }),
      // Typing into a filter is one step back, not many.
      replace: isFilter,
      resetScroll: false,
    } as never)
  }
  return { search, change, filter: (values) => change(values, true) }
}

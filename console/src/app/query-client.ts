import { QueryClient } from '@tanstack/react-query'
import { asApiError } from '~/api/errors'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // An answer that says no says it again. What did not come is asked for by the banner (app/away-banner.tsx).
      retry: (count, error) => asApiError(error).status >= 500 && count < 1,
      refetchOnWindowFocus: true,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

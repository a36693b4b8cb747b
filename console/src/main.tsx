import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { watchPresence } from './api/presence'
import { AwayBanner } from './app/away-banner'
import { queryClient } from './app/query-client'
import { applyTheme } from './app/theme'
import { startTexts } from './i18n'
import { router } from './router'
import { SessionGate } from './session/session-gate'
import './styles.css'
import { Toasts } from './ui/toast'

applyTheme()
watchPresence()
await startTexts()
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    {/* The policy of the page permits no style element that a component adds. */}
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <Toasts />
        <AwayBanner />
        <Suspense fallback={null}>
          <SessionGate>
            <RouterProvider router={router} />
          </SessionGate>
        </Suspense>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)

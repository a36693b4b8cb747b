import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useEffectEvent, useRef, useState } from 'react'
import { useSession } from '~/session/session'
import { pagesOf } from './pages'

const SECOND_KEY_MS = 1_500
// A message in the corner has the role as well, but holds nothing back.
const DIALOG = ':is([role=dialog],[role=alertdialog]):not([aria-modal=false])'

const Help = lazy(() => import('./shortcuts-help'))

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=range]),textarea,select'))
  )
}

/** The keys of the whole console: `/` to the search of a page, `g` and a letter to a page, `?` for this list. */
export function Shortcuts() {
  const navigate = useNavigate()
  const pages = pagesOf(useSession())
  const [isOpen, setIsOpen] = useState(false)
  const goPressedAt = useRef(Number.NEGATIVE_INFINITY)

  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    const isSecond = event.timeStamp - goPressedAt.current < SECOND_KEY_MS
    goPressedAt.current = Number.NEGATIVE_INFINITY
    if (isSecond) {
      const page = pages.find((entry) => entry.key === event.key)
      if (page) {
        event.preventDefault()
        void navigate({ to: `/${page.name}` })
      }
      return
    }
    if (document.querySelector(DIALOG)) return
    if (event.key === 'g') goPressedAt.current = event.timeStamp
    if (event.key === '?') setIsOpen(true)
    if (event.key === '/') {
      const search = document.querySelector<HTMLElement>('[data-search]')
      if (search) {
        event.preventDefault()
        search.focus()
      }
    }
  })

  useEffect(() => {
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])

  return (
    isOpen && (
      <Suspense fallback={null}>
        <Help onClose={() => setIsOpen(false)} />
      </Suspense>
    )
  )
}

import { type Query, useQuery, useQueryClient } from '@tanstack/react-query'
import { Activity, type ReactNode, useEffect, useEffectEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { onSessionEnd } from '~/api/connection'
import { type ApiError, asApiError } from '~/api/errors'
import { Button } from '~/ui/button'
import { ErrorPanel } from '~/ui/error-panel'
import { Skeleton } from '~/ui/skeleton'
import { removeMessages } from '~/ui/toast'
import { lendKey } from './borrowed-key'
import { identityOf } from './identity'
import { onChangeElsewhere, tellOtherTabs } from './other-tabs'
import { readSession, type Session, SessionContext, signOut } from './session'
import { SignInPage } from './sign-in-page'

const isOfPage = (query: Query) => query.queryKey[0] !== 'session'

/** Takes away what outlives the page of the last person. */
function forgetLast(): void {
  lendKey(null)
  removeMessages()
}

/**
 * Shows the console to who is signed in, and the sign-in to others, at whatever address.
 *
 * The page of a session that ended is kept out of sight, with what was typed into it, and is shown again to the same
 * person. For another person everything begins anew.
 */
export function SessionGate({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const [shown, setShown] = useState<Session | null>(null)
  const [hasEnded, setHasEnded] = useState(false)
  const [leaving, setLeaving] = useState<{ error: ApiError | null } | null>(null)
  // When another tab has signed in: what was read before may be of another person, and is not shown.
  const [changedAt, setChangedAt] = useState(0)
  const { t } = useTranslation()
  const current = useQuery({
    queryKey: ['session'],
    queryFn: readSession,
    staleTime: 0,
    refetchOnWindowFocus: true,
    retry: false,
  })
  const session = current.data

  useEffect(() => onSessionEnd(() => queries.setQueryData(['session'], null)), [queries])

  const show = useEffectEvent((person: Session) => {
    if (shown !== null && identityOf(shown) !== identityOf(person)) {
      forgetLast()
      queries.removeQueries({ predicate: isOfPage })
    }
    if (hasEnded) void queries.invalidateQueries({ predicate: isOfPage })
    setShown(person)
    setHasEnded(false)
  })
  useEffect(() => {
    if (session) show(session)
    if (session === null) {
      setHasEnded(true)
      removeMessages()
    }
  }, [session])

  /** The session has ended, unless another one has begun meanwhile. A read that is under way is not waited for. */
  const forget = () => {
    setShown(null)
    setHasEnded(false)
    forgetLast()
    queries.removeQueries({ predicate: isOfPage })
    queries.getMutationCache().clear()
    queries.setQueryData(['session'], null)
    void current.refetch()
  }
  const follow = useEffectEvent((change: 'signed in' | 'signed out') => {
    setLeaving((now) => (now?.error ? null : now))
    if (change === 'signed out') {
      forget()
      return
    }
    setChangedAt(Date.now())
    void current.refetch()
  })
  useEffect(() => onChangeElsewhere(follow), [])

  const leave = async () => {
    // First: what the page reads while the session ends, or has begun to read, would be refused.
    setLeaving({ error: null })
    setShown(null)
    try {
      await signOut()
    } catch (thrown) {
      const error = asApiError(thrown)
      // Else the session has ended already.
      if (error.status !== 401) {
        setLeaving({ error })
        return
      }
    }
    tellOtherTabs('signed out')
    forget()
    setLeaving(null)
  }

  if (leaving) return <Leaving error={leaving.error} onRetry={() => void leave()} />
  const isRead = session !== undefined && current.dataUpdatedAt >= changedAt
  // What another person was shown stays hidden until it is replaced.
  const isIn = isRead && session !== null && shown !== null && identityOf(session) === identityOf(shown)
  const error = !isRead && session !== null && current.error ? asApiError(current.error) : null
  return (
    <>
      {error && (
        <main className="mx-auto flex max-w-xl flex-col items-start gap-3 p-8">
          <ErrorPanel error={error} onRetry={() => void current.refetch()} />
          {/* A session may be used from other addresses only, and be ended from this one. */}
          {error.status === 403 && <Button onClick={() => void leave()}>{t('nav.signOut')}</Button>}
        </main>
      )}
      {shown && (
        <Activity mode={isIn ? 'visible' : 'hidden'} key={identityOf(shown)}>
          <SessionContext value={{ session: shown, leave: () => void leave() }}>{children}</SessionContext>
        </Activity>
      )}
      {session === null && (
        <SignInPage
          hasEnded={hasEnded && shown !== null}
          onSignedIn={async () => {
            tellOtherTabs('signed in')
            await current.refetch()
          }}
        />
      )}
    </>
  )
}

/** In place of the page while the session is being ended. Until the gateway confirms that, the session goes on. */
function Leaving({ error, onRetry }: { error: ApiError | null; onRetry: () => void }) {
  const { t } = useTranslation()
  return (
    <main className="mx-auto flex max-w-xl flex-col gap-3 p-8">
      {error ? (
        <>
          <h1 className="font-medium">{t('signIn.notOut')}</h1>
          <ErrorPanel error={error} onRetry={onRetry} />
        </>
      ) : (
        <Skeleton rows={2} />
      )}
    </main>
  )
}

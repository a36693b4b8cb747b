import { createContext, use } from 'react'
import { call } from '~/api/client'
import { asApiError } from '~/api/errors'
import type { Role, Session } from './identity'

export type { Role, Session } from './identity'

const PATH = '/console/session'

/** Returns who is signed in, or null. */
export async function readSession(): Promise<Session | null> {
  try {
    return (await call<Session | undefined>('GET', PATH)) ?? null
  } catch (thrown) {
    if (asApiError(thrown).status === 401) return null
    throw thrown
  }
}

/** Signs in with an admin token or an API key; the browser gets a cookie, and the page keeps nothing. */
export async function signIn(token: string): Promise<void> {
  await call('POST', PATH, { token })
}

export async function signOut(): Promise<void> {
  await call('DELETE', PATH)
}

export interface SessionControl {
  session: Session
  leave: () => void
}

export const SessionContext = createContext<SessionControl | null>(null)

export function useSession(): Session {
  return useSessionControl().session
}

export function useSessionControl(): SessionControl {
  const control = use(SessionContext)
  if (!control) throw new Error('outside of a session')
  return control
}

const OPERATORS: readonly Role[] = ['owner', 'operator']

/** Says whether who is signed in may do something that is for these roles. What decides is the API; this hides. */
export function useMay(): { read: boolean; operate: boolean; bill: boolean; own: boolean } {
  const { role } = useSession()
  return {
    read: role !== undefined && role !== 'billing',
    operate: role !== undefined && OPERATORS.includes(role),
    bill: role !== undefined && (OPERATORS.includes(role) || role === 'billing'),
    own: role === 'owner',
  }
}

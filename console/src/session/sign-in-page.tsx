import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ApiError, asApiError } from '~/api/errors'
import { LanguageSwitch } from '~/app/language-switch'
import { ThemeSwitch } from '~/app/theme-switch'
import { Button } from '~/ui/button'
import { Logo } from '~/ui/icons'
import { signIn } from './session'

/** The sign-in with an admin token or an API key. The address stays, so one is back where one was. */
export function SignInPage({ hasEnded, onSignedIn }: { hasEnded: boolean; onSignedIn: () => Promise<void> }) {
  const { t } = useTranslation()
  const [error, setError] = useState<ApiError | null>(null)
  const [isBusy, setIsBusy] = useState(false)

  const messageOf = (thrown: ApiError) => {
    if (thrown.status === 401) return t('signIn.wrong')
    // The cookie of a session is not sent in clear to another machine.
    if (thrown.status === 403 && !window.isSecureContext) return t('signIn.insecure')
    return thrown.isAway ? t('away.banner') : thrown.message
  }

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const field = event.currentTarget.elements.namedItem('token') as HTMLInputElement
    setIsBusy(true)
    setError(null)
    try {
      await signIn(field.value.trim())
      field.value = ''
      await onSignedIn()
    } catch (thrown) {
      setError(asApiError(thrown))
      field.select()
    } finally {
      setIsBusy(false)
    }
  }

  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center gap-6 p-6">
      <title>{`${t('signIn.title')} · Seedgate`}</title>
      <header className="flex items-center gap-2.5">
        <Logo />
        <h1 className="text-lg font-semibold">Seedgate</h1>
      </header>
      {hasEnded && (
        <p role="status" className="rounded border border-line bg-raised px-3 py-2">
          {t('signIn.ended')}
        </p>
      )}
      <form onSubmit={submit} className="flex flex-col gap-3">
        <label className="flex flex-col gap-1.5">
          <span className="font-medium">{t('signIn.token')}</span>
          <input
            name="token"
            type="password"
            required
            autoComplete="current-password"
            spellCheck={false}
            // biome-ignore lint/a11y/noAutofocus: the only field of the page
            autoFocus
            aria-invalid={error !== null}
            aria-describedby={error ? 'token-error' : 'token-hint'}
            className="rounded border border-line bg-surface px-2.5 py-2 font-mono text-sm aria-invalid:border-bad"
          />
        </label>
        {error ? (
          <p id="token-error" role="alert" className="text-bad">
            {messageOf(error)}
            {error.requestId && <span className="block font-mono text-xs text-muted">{error.requestId}</span>}
          </p>
        ) : (
          <p id="token-hint" className="text-muted">
            {t('signIn.hint')}
          </p>
        )}
        <Button type="submit" variant="primary" isBusy={isBusy}>
          {t('signIn.submit')}
        </Button>
      </form>
      <footer className="flex items-center justify-between text-muted">
        <LanguageSwitch />
        <ThemeSwitch />
      </footer>
    </main>
  )
}

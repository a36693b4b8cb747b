import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Button } from './button'
import { EmptyState } from './empty-state'

export function NotFound() {
  const { t } = useTranslation()
  return (
    <EmptyState
      title={t('nav.noSuchPage')}
      action={<Button render={<Link to="/" />}>{t('nav.home')}</Button>}
    />
  )
}

import { useTranslation } from 'react-i18next'
import { setTheme, THEMES, type Theme, useTheme } from './theme'

export function ThemeSwitch() {
  const { t } = useTranslation()
  return (
    <select
      aria-label={t('theme.label')}
      value={useTheme()}
      onChange={(event) => setTheme(event.target.value as Theme)}
      className="min-w-0 rounded border border-line bg-surface px-1.5 py-1"
    >
      {THEMES.map((theme) => (
        <option key={theme} value={theme}>
          {t(`theme.${theme}`)}
        </option>
      ))}
    </select>
  )
}

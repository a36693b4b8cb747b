import { useTranslation } from 'react-i18next'
import { chooseLanguage, LANGUAGES, type Language } from '~/i18n'

const NAMES: Record<Language, string> = { 'zh-CN': '中文', en: 'English' }

export function LanguageSwitch() {
  const { i18n, t } = useTranslation()
  return (
    <select
      aria-label={t('language.label')}
      value={i18n.language}
      onChange={(event) => void chooseLanguage(event.target.value as Language)}
      className="min-w-0 rounded border border-line bg-surface px-1.5 py-1"
    >
      {LANGUAGES.map((language) => (
        <option key={language} value={language} lang={language}>
          {NAMES[language]}
        </option>
      ))}
    </select>
  )
}

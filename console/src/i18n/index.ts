import i18next, { type BackendModule } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { readSetting, writeSetting } from '~/app/settings'

export const LANGUAGES = ['zh-CN', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

const files = import.meta.glob<{ default: Record<string, unknown> }>('./*/*.json')

/** A language and a part of the console are a file, which is loaded when a page needs it. */
const backend: BackendModule = {
  type: 'backend',
  init() {},
  read(language, namespace, done) {
    const load = files[`./${language}/${namespace}.json`]
    if (!load) {
      done(new Error(`no texts for ${language}/${namespace}`), null)
      return
    }
    load().then(
      (file) => done(null, file.default),
      (error: unknown) => done(error as Error, null),
    )
  },
}

/** Returns the language that was chosen here, else the first one of the browser's that we speak. */
export function languageOf(chosen: string | null, preferred: readonly string[]): Language {
  const known = LANGUAGES.find((language) => language === chosen)
  if (known) return known
  for (const tag of preferred) {
    if (/^zh\b/i.test(tag)) return 'zh-CN'
    if (/^en\b/i.test(tag)) return 'en'
  }
  return 'en'
}

export async function startTexts(): Promise<void> {
  await i18next
    .use(backend)
    .use(initReactI18next)
    .init({
      lng: languageOf(readSetting('language'), navigator.languages),
      fallbackLng: false,
      supportedLngs: [...LANGUAGES],
      load: 'currentOnly',
      ns: ['common'],
      defaultNS: 'common',
      // React escapes.
      interpolation: { escapeValue: false },
    })
  showLanguage()
}

export async function chooseLanguage(language: Language): Promise<void> {
  writeSetting('language', language)
  await i18next.changeLanguage(language)
  showLanguage()
}

function showLanguage(): void {
  document.documentElement.lang = i18next.language
}

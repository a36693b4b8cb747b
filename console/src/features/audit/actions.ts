import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

/**
 * Returns the actions that there are, in words, by their codes such as `key.create`. A row may have one more, of a
 * version that has written it before or after this one.
 */
export function useActions(): ReadonlyMap<string, string> {
  const { t } = useTranslation('audit')
  return useMemo(() => {
    const words = Object.entries(t('action', { returnObjects: true }))
    return new Map(
      words.flatMap(([kind, acts]) =>
        Object.entries(acts).map(([act, text]): [string, string] => [`${kind}.${act}`, text]),
      ),
    )
  }, [t])
}

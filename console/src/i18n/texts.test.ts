import { expect, test } from 'vitest'
import { LANGUAGES, languageOf } from './index'

type Tree = { [key: string]: string | Tree }

const files = import.meta.glob<{ default: Tree }>('./*/*.json', { eager: true })

/** Returns the texts of a language by `namespace:key`. */
function textsOf(language: string): Map<string, string> {
  const texts = new Map<string, string>()
  const add = (prefix: string, tree: Tree) => {
    for (const [key, value] of Object.entries(tree)) {
      if (typeof value === 'string') texts.set(prefix + key, value)
      else add(`${prefix}${key}.`, value)
    }
  }
  for (const [path, file] of Object.entries(files)) {
    const [, inLanguage, namespace] = path.match(/^\.\/(.+)\/(.+)\.json$/) ?? []
    if (inLanguage === language) add(`${namespace}:`, file.default)
  }
  return texts
}

/** Returns a key without the ending that its number chooses: English has one form more than Chinese. */
function base(key: string): string {
  return key.replace(/_(one|other)$/, '')
}

const [zh, en] = LANGUAGES.map(textsOf) as [Map<string, string>, Map<string, string>]

test('both languages have the same keys', () => {
  const keys = (texts: Map<string, string>) => [...new Set([...texts.keys()].map(base))].sort()
  expect(keys(zh).length).toBeGreaterThan(50)
  expect(keys(zh)).toEqual(keys(en))
})

test('no text is empty, and both languages insert the same values', () => {
  const values = (text: string) => [...new Set(text.match(/\{\{\s*\w+/g))].sort()
  const byBase = new Map([...en].map(([key, text]) => [base(key), text]))
  for (const [key, text] of zh) {
    expect(text.trim(), key).not.toBe('')
    const other = byBase.get(base(key)) ?? ''
    expect(other.trim(), key).not.toBe('')
    expect(values(text), key).toEqual(values(other))
  }
})

test('Chinese texts have Chinese punctuation', () => {
  const wrong = [...zh].filter(([, text]) => /[\u3400-\u9fff][,;:?!(]/.test(text))
  expect(wrong).toEqual([])
})

test('the language is the chosen one, else the first one of the browser that there is', () => {
  expect(languageOf('en', ['zh-CN'])).toBe('en')
  expect(languageOf(null, ['fr', 'zh-Hans-CN', 'en'])).toBe('zh-CN')
  expect(languageOf('de', ['en-GB', 'zh'])).toBe('en')
  expect(languageOf(null, ['fr'])).toBe('en')
})

/** What the page remembers in this browser: never a secret. A browser may refuse to keep anything. */

export function readSetting(name: string): string | null {
  try {
    return window.localStorage.getItem(`seedgate.${name}`)
  } catch {
    return null
  }
}

export function writeSetting(name: string, value: string | null): void {
  try {
    if (value === null) window.localStorage.removeItem(`seedgate.${name}`)
    else window.localStorage.setItem(`seedgate.${name}`, value)
  } catch {
    // The choice then holds until the page is closed.
  }
}

/** Copies text. `navigator.clipboard` is there only on https and on the own machine; other hosts get the old way. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text)
    return
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'fixed -top-96'
  // Inside of an open dialog, which would take the focus back.
  const parent = document.activeElement?.closest('[role=dialog],[role=alertdialog]') ?? document.body
  parent.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

const MOST_STEPS = 4
// Of digits, which are the widest in most texts of a plot, in its size of 11 px.
const CHARACTER_WIDTH = 7.5
const WIDE_CHARACTER_WIDTH = 11
const WIDE = /[\u2e80-\uffff]/

/** Returns round whole numbers from 0 on, at most five, of which the last is no less than the largest value. */
export function ticksFor(largest: number): number[] {
  const least = Math.max(1, largest / MOST_STEPS)
  const power = 10 ** Math.floor(Math.log10(least))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= least) ?? least
  return Array.from({ length: Math.max(1, Math.ceil(largest / step)) + 1 }, (_, index) => index * step)
}

/** Returns about how many pixels wide a text of an axis is. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text) width += WIDE.test(character) ? WIDE_CHARACTER_WIDTH : CHARACTER_WIDTH
  return width
}

/** Returns which bars have a name under their middle: as many as fit evenly, and none that would stand out. */
export function labelled(count: number, labelWidth: number, barWidth: number): number[] {
  const every = Math.max(1, Math.ceil(labelWidth / barWidth))
  const tooNarrow = Math.max(0, Math.ceil((labelWidth / barWidth - 1) / 2))
  const last = count - 1 - tooNarrow
  return Array.from({ length: count }, (_, index) => index).filter(
    (index) => index >= tooNarrow && index <= last && (last - index) % every === 0,
  )
}

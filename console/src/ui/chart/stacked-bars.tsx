import { useState } from 'react'
import { StackedBarsPlot } from './stacked-bars-plot'

/** One colour of the bars. */
export interface Series {
  key: string
  name: string
  color: string
}

/** One bar: its name, and the height of each series by its key. */
export interface Bar {
  label: string
  values: Record<string, number>
}

export interface StackedBarsProps {
  /** What the plot shows, for who does not see it. */
  label: string
  bars: readonly Bar[]
  series: readonly Series[]
  /** How a height is written. */
  format: (value: number) => string
}

/** Bars beside each other, each made of several series. The numbers are also in a table, for who does not see it. */
export function StackedBars(props: StackedBarsProps) {
  const { label, bars, series, format } = props
  const [chosen, setChosen] = useState<number | null>(null)
  const last = Math.max(0, bars.length - 1)
  const shown = chosen === null || bars.length === 0 ? null : Math.min(chosen, last)
  const bar = bars[shown ?? last]
  return (
    <figure className="relative flex flex-col gap-1 overflow-hidden">
      <div className="relative rounded-md -outline-offset-2 has-focus-visible:outline-2 has-focus-visible:outline-accent">
        <StackedBarsPlot {...props} shown={shown} onShow={setChosen} />
        {/* Moves from bar to bar by the keys that everybody knows of it, and says the values. */}
        <input
          type="range"
          className="pointer-events-none absolute inset-0 size-full opacity-0"
          aria-label={label}
          aria-valuetext={[
            bar?.label,
            ...series.map(({ key, name }) => `${name} ${format(bar?.values[key] ?? 0)}`),
          ].join(', ')}
          max={last}
          value={shown ?? last}
          onChange={(event) => setChosen(event.target.valueAsNumber)}
          onFocus={() => setChosen(last)}
          onBlur={() => setChosen(null)}
          onKeyDown={(event) => event.key === 'Escape' && setChosen(null)}
        />
      </div>
      <figcaption className="flex flex-wrap gap-x-4 gap-y-1 text-muted text-xs">
        {series.map(({ key, name, color }) => (
          <span key={key} className="inline-flex items-center gap-1.5">
            <span className="size-2.5 rounded-sm" style={{ background: color }} />
            {name}
          </span>
        ))}
      </figcaption>
      <table className="sr-only">
        <caption>{label}</caption>
        <thead>
          <tr>
            <td />
            {series.map(({ key, name }) => (
              <th key={key} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.label}>
              <th scope="row">{bar.label}</th>
              {series.map(({ key }) => (
                <td key={key}>{format(bar.values[key] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

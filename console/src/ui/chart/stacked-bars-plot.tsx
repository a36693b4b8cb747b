import { useLayoutEffect, useRef, useState } from 'react'
import { labelled, textWidth, ticksFor } from './scale'
import type { StackedBarsProps } from './stacked-bars'

const HEIGHT = 208
const TOP = 8
const BOTTOM = 22
const GAP = 8
const MOST_BAR_WIDTH = 36
const FLOOR = HEIGHT - BOTTOM

/**
 * The bars with their axes. The values of one are shown beside it: of that under the pointer, or of that which the
 * arrow keys have come to.
 */
export function StackedBarsPlot({
  bars,
  series,
  format,
  shown,
  onShow,
}: StackedBarsProps & { shown: number | null; onShow: (index: number | null) => void }) {
  const [frame, width] = useWidth()
  const ticks = ticksFor(
    Math.max(0, ...bars.map((bar) => total(series.map(({ key }) => heightOf(bar, key))))),
  )
  const highest = ticks.at(-1) ?? 1
  const left = Math.max(...ticks.map((tick) => textWidth(format(tick)))) + GAP
  const band = Math.max(0, width - left) / Math.max(1, bars.length)
  const barWidth = Math.min(MOST_BAR_WIDTH, band * 0.8)
  const centre = (index: number) => left + (index + 0.5) * band
  const y = (value: number) => FLOOR - (value / highest) * (FLOOR - TOP)
  const labelWidth = Math.max(0, ...bars.map((bar) => textWidth(bar.label))) + GAP

  function point(event: React.PointerEvent<SVGSVGElement>) {
    const index = Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - left) / band)
    onShow(index >= 0 && index < bars.length ? index : null)
  }

  return (
    <div ref={frame} data-plot aria-hidden="true" className="relative" style={{ height: HEIGHT }}>
      {width > 0 && (
        <svg
          aria-hidden="true"
          width={width}
          height={HEIGHT}
          className="absolute touch-pan-y fill-muted text-[0.6875rem]"
          onPointerDown={point}
          onPointerMove={point}
          onPointerLeave={() => onShow(null)}
        >
          {ticks.map((tick) => (
            <g key={tick}>
              <line x1={left} x2={width} y1={y(tick)} y2={y(tick)} className="stroke-line" />
              <text x={left - GAP} y={y(tick)} textAnchor="end" dominantBaseline="central">
                {format(tick)}
              </text>
            </g>
          ))}
          {shown !== null && (
            <rect
              x={centre(shown) - band / 2}
              y={TOP}
              width={band}
              height={FLOOR - TOP}
              className="fill-raised"
            />
          )}
          {bars.map((bar, index) => {
            let below = 0
            return series.map(({ key, color }) => {
              const from = below
              below += heightOf(bar, key)
              return (
                below > from && (
                  <rect
                    key={`${bar.label} ${key}`}
                    x={centre(index) - barWidth / 2}
                    y={y(below)}
                    width={barWidth}
                    height={y(from) - y(below)}
                    fill={color}
                  />
                )
              )
            })
          })}
          {labelled(bars.length, labelWidth, band).map((index) => (
            <text key={index} x={centre(index)} y={HEIGHT - GAP} textAnchor="middle">
              {bars[index]?.label}
            </text>
          ))}
        </svg>
      )}
      {shown !== null && <Values {...{ bars, series, format, shown }} x={centre(shown)} width={width} />}
    </div>
  )
}

/** The values of one bar, on that side of it where there is more room. */
function Values({
  bars,
  series,
  format,
  shown,
  x,
  width,
}: Omit<StackedBarsProps, 'label'> & { shown: number; x: number; width: number }) {
  const bar = bars[shown]
  const offset = MOST_BAR_WIDTH / 2
  return (
    <div
      data-values
      className="pointer-events-none absolute top-2 max-w-1/2 rounded-md border border-line bg-surface px-2.5 py-1.5 text-xs"
      style={x < width / 2 ? { left: x + offset } : { right: width - x + offset }}
    >
      <p className="text-muted">{bar?.label}</p>
      {series.map(({ key, name, color }) => (
        <p key={key} className="flex items-center gap-1.5">
          <span className="size-2 shrink-0 rounded-sm" style={{ background: color }} />
          <span className="truncate">{name}</span>
          <span className="ml-auto whitespace-nowrap pl-2 tabular-nums">{format(bar?.values[key] ?? 0)}</span>
        </p>
      ))}
    </div>
  )
}

function useWidth() {
  const element = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const frame = element.current
    if (!frame) return
    const observer = new ResizeObserver(() => setWidth(frame.clientWidth))
    observer.observe(frame)
    setWidth(frame.clientWidth)
    return () => observer.disconnect()
  }, [])
  return [element, width] as const
}

/** Returns the height of a part; what a correction has made negative has none, and is in the table. */
function heightOf(bar: StackedBarsProps['bars'][number], key: string): number {
  return Math.max(0, bar.values[key] ?? 0)
}

function total(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

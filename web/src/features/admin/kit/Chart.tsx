import { useId, useState } from 'react'
import clsx from 'clsx'

export interface Bar {
  key: string
  label: string
  value: number
}

interface Props {
  bars: Bar[]
  /** What the chart shows, in a sentence or two: it is read in the chart's place. */
  description: string
  format: (value: number) => string
  /** Upright for a row of days, else one line for each bar. */
  upright?: boolean
}

/** A bar chart. It is a picture to the screen reader, with its description; the figures are in a table beside it. */
export function Chart(props: Props) {
  return <figure className="m-0">{props.upright ? <Columns {...props} /> : <Lines {...props} />}</figure>
}

/** The next round number at or above a value: 1, 2, 2.5 or 5 times a power of ten. */
export function roundUp(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 2.5, 5, 10].find((s) => s * power >= value - power * 1e-9) ?? 10
  return step * power
}

const width = 720
const height = 180

function Columns({ bars, description, format }: Props) {
  const title = useId()
  const [at, setAt] = useState<number | null>(null)
  const top = roundUp(Math.max(...bars.map((b) => b.value), 0))
  const slot = width / bars.length
  const gap = Math.min(6, slot * 0.25)
  // Not more labels than there is room for: half of them where it is narrow.
  const every = Math.ceil(bars.length / 10)
  const shown = at === null ? null : bars[at]
  return (
    <>
      <p aria-hidden="true" className="mb-2 flex h-5 justify-between gap-4 text-sm tabular-nums">
        <span className="text-muted">{format(top)}</span>
        {shown && (
          <span>
            <span className="text-muted">{shown.label}</span> <span className="font-medium">{format(shown.value)}</span>
          </span>
        )}
      </p>
      <svg
        role="img"
        aria-labelledby={title}
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        className="block h-44 w-full rtl:-scale-x-100"
        onPointerLeave={() => setAt(null)}
      >
        <title id={title}>{description}</title>
        {[0, 0.5, 1].map((y) => (
          <line key={y} x1="0" x2={width} y1={height * y} y2={height * y} stroke="var(--c-line)" vectorEffect="non-scaling-stroke" />
        ))}
        {bars.map((b, i) => (
          <g key={b.key} onPointerEnter={() => setAt(i)}>
            <rect x={i * slot} width={slot} height={height} fill={at === i ? 'var(--c-hover)' : 'transparent'} />
            <rect x={i * slot + gap / 2} width={slot - gap} y={height - (b.value / top) * height} height={(b.value / top) * height} fill="var(--c-accent)" opacity={at === null || at === i ? 1 : 0.55} />
          </g>
        ))}
      </svg>
      <div aria-hidden="true" className="mt-1.5 flex text-xs text-muted">
        {bars.map((b, i) => (
          <span key={b.key} className="w-0 flex-1 text-center whitespace-nowrap">
            {i % every === 0 && <span className={clsx(i % (every * 2) !== 0 && bars.length > 5 && '@max-2xl:hidden')}>{b.label}</span>}
          </span>
        ))}
      </div>
    </>
  )
}

// As many as can be taken in at a glance; the table has the others.
const lines = 12

function Lines({ bars, description, format }: Props) {
  const shown = [...bars].sort((a, b) => b.value - a.value).slice(0, lines)
  const top = Math.max(...shown.map((b) => b.value), 0)
  return (
    <div role="img" aria-label={description} className="space-y-2.5">
      {shown.map((b) => (
        <div key={b.key} aria-hidden="true" className="text-sm">
          <div className="flex justify-between gap-4">
            <span className="truncate">{b.label}</span>
            <span className="tabular-nums">{format(b.value)}</span>
          </div>
          <div className="mt-1 h-2 overflow-hidden rounded-full bg-sunken">
            <div className={clsx('h-full rounded-full bg-accent', b.value > 0 && 'min-w-1')} style={{ width: `${top > 0 ? (b.value / top) * 100 : 0}%` }} />
          </div>
        </div>
      ))}
    </div>
  )
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** Whether a time has passed. */
export const isPast = (time: string) => Date.parse(time) < Date.now()

/** A time as people say it: "5 minutes ago", "in 3 days". Beyond a month it is a date. */
export function when(time: string, language: string, now = Date.now()): string {
  const seconds = (Date.parse(time) - now) / 1000
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  if (Math.abs(seconds) < 60) return format.format(0, 'minute')
  for (const [unit, size] of steps) {
    const n = Math.trunc(seconds / size)
    if (n === 0) continue
    if (unit === 'day' && Math.abs(n) > 30) break
    return format.format(n, unit)
  }
  return new Date(time).toLocaleDateString(language, { dateStyle: 'medium' })
}

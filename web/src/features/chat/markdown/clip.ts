import { limits } from './parse/limits'

/** Where to end a text that is shown in steps: at so many characters or lines, whichever come first. */
export function clip(text: string, steps: number): number {
  let end = 0
  for (let line = 0; line < steps * limits.lines; line++) {
    end = text.indexOf('\n', end) + 1
    if (end === 0) {
      end = text.length
      break
    }
  }
  return Math.min(end, steps * limits.shown)
}

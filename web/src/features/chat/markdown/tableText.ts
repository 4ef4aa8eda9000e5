import type { Cell } from './Table'

/**
 * Rows as CSV (RFC 4180). A cell that a spreadsheet would take for a formula is kept from being one: what a
 * model wrote must not run there either.
 */
export function csv(rows: string[][]): string {
  return rows.map((row) => row.map(field).join(',')).join('\r\n') + '\r\n'
}

function field(text: string): string {
  const harmless = /^[=@\t\r]|^[+-](?![\d.,\s]*%?$)/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** A table as Markdown, as a model would write it. */
export function markdown(head: Cell[], rows: Cell[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |\n`
  const cell = (c: Cell | undefined) => (c?.text ?? '').replaceAll('|', '\\|')
  const rule = head.map((c) => (c.align === 'right' ? '---:' : c.align === 'center' ? ':---:' : '---'))
  return line(head.map(cell)) + line(rule) + rows.map((row) => line(head.map((_, i) => cell(row[i])))).join('')
}

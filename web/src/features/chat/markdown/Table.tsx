import { Check, Copy, Download, Sheet } from 'lucide-react'
import { memo, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { announce } from '@/kit/announce'
import { copyText } from '@/kit/copyText'
import { IconButton } from '@/kit/IconButton'
import { Menu, MenuItem } from '@/kit/Menu'
import { toast } from '@/kit/toasts'
import { Inline, plainText } from './Inline'
import type { Shared } from './parse/parser'
import { save } from './save'
import { csv, markdown } from './tableText'

export interface Cell {
  text: string
  align?: 'right' | 'center'
}

interface Props {
  head: Cell[]
  rows: Cell[][]
  shared: Shared
}

/** A table that scrolls in its own frame and can be taken along. */
export function Table({ head, rows, shared }: Props) {
  const { t } = useTranslation()
  return (
    <div className="group/table relative">
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a wide table is scrolled by keyboard */}
      <div role="group" aria-label={t('markdown.table')} tabIndex={0} className="overflow-x-auto rounded-md border border-line">
        <table>
          <thead>
            <Row cells={head} shared={shared} head />
          </thead>
          <tbody>
            {rows.map((cells, i) => (
              <Row key={i} cells={cells} shared={shared} />
            ))}
          </tbody>
        </table>
      </div>
      {/* Above the table where a pointer hovers, below it where nothing does. */}
      <div className="absolute end-2 -top-5 rounded-sm bg-raised opacity-0 shadow-low transition-opacity group-focus-within/table:opacity-100 group-hover/table:opacity-100 pointer-coarse:static pointer-coarse:flex pointer-coarse:justify-end pointer-coarse:bg-transparent pointer-coarse:opacity-100 pointer-coarse:shadow-none">
        <Take head={head} rows={rows} shared={shared} />
      </div>
    </div>
  )
}

interface RowProps {
  cells: Cell[]
  shared: Shared
  head?: boolean
}

const Row = memo(
  function Row({ cells, shared, head }: RowProps) {
    return (
      <tr>
        {cells.map(({ text, align }, i) => {
          const look = align && { textAlign: align }
          const words = <Inline text={text} shared={shared} />
          // The corner of a table heads nothing.
          return head && text ? (
            <th key={i} scope="col" style={look}>
              {words}
            </th>
          ) : (
            <td key={i} style={look}>
              {words}
            </td>
          )
        })}
      </tr>
    )
  },
  (a, b) => a.shared === b.shared && a.cells.length === b.cells.length && a.cells.every((c, i) => c.text === b.cells[i]?.text && c.align === b.cells[i]?.align),
)

function Take({ head, rows, shared }: Props) {
  const { t } = useTranslation()
  const [done, setDone] = useState(false)
  const plain = () => [head, ...rows].map((row) => row.map((c) => plainText(c.text, shared)))
  const copy = async (text: string) => {
    if (!(await copyText(text))) return toast({ tone: 'danger', text: t('kit.copyFailed') })
    setDone(true)
    setTimeout(() => setDone(false), 1600)
    announce(t('kit.copied'))
  }
  return (
    <Menu trigger={<IconButton icon={done ? Check : Copy} size="sm" label={done ? t('kit.copied') : t('markdown.takeTable')} />}>
      <MenuItem icon={Copy} onSelect={() => void copy(markdown(head, rows))}>
        {t('markdown.copyMarkdown')}
      </MenuItem>
      <MenuItem icon={Sheet} onSelect={() => void copy(csv(plain()))}>
        {t('markdown.copyCsv')}
      </MenuItem>
      <MenuItem icon={Download} onSelect={() => save('table.csv', csv(plain()), 'text/csv')}>
        {t('markdown.saveCsv')}
      </MenuItem>
    </Menu>
  )
}

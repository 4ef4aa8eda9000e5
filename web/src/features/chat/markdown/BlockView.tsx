import { createElement, Fragment, memo, type ReactNode } from 'react'
import { CodeBlock } from './code/CodeBlock'
import { Inline } from './Inline'
import { Formula } from './math/Formula'
import { closedFence, type Shared, type Token } from './parse/parser'
import { Table, type Cell } from './Table'

interface Props {
  tokens: Token[]
  shared: Shared
  /** No more text follows: a fence without its end is as good as closed. */
  final: boolean
}

interface Node {
  token: Token
  children: Node[]
}

/** Draws the tokens of a block, and of the blocks within it. */
export const BlockView = memo(function BlockView({ tokens, shared, final }: Props) {
  return <>{nest(tokens).map((node, i) => draw(node, i, { shared, final }))}</>
})

function nest(tokens: Token[]): Node[] {
  const top: Node[] = []
  const stack = [top]
  for (const token of tokens) {
    if (token.nesting === -1) {
      stack.pop()
      continue
    }
    const node = { token, children: [] }
    stack.at(-1)?.push(node)
    if (token.nesting === 1) stack.push(node.children)
  }
  return top
}

type Rest = Pick<Props, 'shared' | 'final'>

function draw(node: Node, key: number, rest: Rest): ReactNode {
  const { token, children } = node
  const inner = () => children.map((child, i) => draw(child, i, rest))
  switch (token.type) {
    case 'inline':
      return <Inline key={key} text={token.content} shared={rest.shared} />
    case 'fence':
    case 'code_block': {
      const closed = token.type === 'code_block' || rest.final || closedFence(token)
      return <CodeBlock key={key} text={token.content.replace(/\n$/, '')} info={token.info.trim()} closed={closed} />
    }
    case 'formula':
      return <Formula key={key} text={token.content} display mark={token.markup} open={token.info.includes('open')} />
    case 'hr':
      return <hr key={key} />
    case 'paragraph_open':
      // In a list without blank lines the text stands in its item.
      return token.hidden ? <Fragment key={key}>{inner()}</Fragment> : <p key={key}>{inner()}</p>
    case 'ordered_list_open':
      return <ol key={key} start={Number(token.attrGet('start') ?? 1)}>{inner()}</ol>
    case 'list_item_open':
      return <Item key={key} node={node} rest={rest} />
    case 'table_open':
      return <Table key={key} {...tableOf(node)} shared={rest.shared} />
    case 'bullet_list_open':
    case 'blockquote_open':
    case 'heading_open':
      return createElement(token.tag, { key }, ...inner())
    default:
      return null
  }
}

const box = /^\[([ xX])\](?=\s)/

function Item({ node, rest }: { node: Node; rest: Rest }) {
  const [first, ...others] = node.children
  const text = first?.token.type === 'paragraph_open' ? first.children[0]?.token : undefined
  const task = text && box.exec(text.content)
  if (!first || !task) return <li>{node.children.map((child, i) => draw(child, i, rest))}</li>
  const words = <Inline text={text.content.slice(task[0].length + 1)} shared={rest.shared} />
  // The text after a box names it; the box itself only shows.
  const check = <input type="checkbox" checked={task[1] !== ' '} readOnly disabled aria-hidden="true" />
  return (
    <li className="task">
      {check}
      {first.token.hidden ? words : <p>{words}</p>}
      {others.map((child, i) => draw(child, i, rest))}
    </li>
  )
}

function tableOf(node: Node): { head: Cell[]; rows: Cell[][] } {
  const rows = node.children.flatMap((part) => part.children.map((row) => row.children.map(cellOf)))
  return { head: rows[0] ?? [], rows: rows.slice(1) }
}

function cellOf({ token, children }: Node): Cell {
  const style = String(token.attrGet('style') ?? '')
  return { text: children[0]?.token.content ?? '', align: /right|center/.exec(style)?.[0] as Cell['align'] }
}

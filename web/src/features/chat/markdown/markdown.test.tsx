import { render, screen } from '@testing-library/react'
import { describe, expect, test } from 'vitest'
import Markdown from './Markdown'
import { safeImage, safeLink } from './safety'

const draw = (text: string, open = false) =>
  render(<Markdown text={text} open={open} />).container

describe('hostile Markdown', () => {
  test.each([
    ['a script', '<script>alert(1)</script>'],
    ['an image with a handler', '<img src=x onerror=alert(1)>'],
    ['an image of HTML', 'before <img src="https://evil.example/x.png"> after'],
    ['a frame', '<iframe src="https://evil.example"></iframe>'],
    ['a style', '<style>*{display:none}</style>'],
    ['an image of another host', '![x](https://evil.example/x.png)'],
    ['an image without a scheme', '![x](//evil.example/x.png)'],
    ['an image by reference', '![x][r]\n\n[r]: https://evil.example/x.png'],
    ['an SVG that could hold a script', '![x](data:image/svg+xml;base64,PHN2Zz4=)'],
    ['a link to a script', '[x](javascript:alert(1))'],
    ['a link to data', '[x](data:text/html,<script>alert(1)</script>)'],
    ['an automatic link to a script', '<javascript:alert(1)>'],
    ['a link to VBScript', '[x](vbscript:x)'],
  ])('%s becomes no element', (_name, text) => {
    for (const open of [false, true]) {
      expect(draw(text, open).querySelectorAll('script, img, iframe, style, a, object, embed')).toHaveLength(0)
    }
  })

  test('an image that is half there is no image yet', () => {
    for (const open of [false, true]) expect(draw('![x](https://evil.example/x.p', open).querySelector('img')).toBeNull()
  })

  test('a link to a script in disguise is a link to a page', () => {
    draw('[x](java&#x0A;script:alert(1))')
    expect(screen.getByRole<HTMLAnchorElement>('link', { name: 'x' }).protocol).toBe('http:')
  })

  test('a link to another site opens apart from the page', () => {
    draw('[x](https://example.com/a?b=c)')
    const link = screen.getByRole('link', { name: 'x' })
    expect(link.getAttribute('rel')).toBe('noopener noreferrer nofollow')
    expect(link.getAttribute('target')).toBe('_blank')
  })

  test('HTML is shown as it was written', () => expect(draw('a <b>c</b>').textContent).toBe('a <b>c</b>'))
})

test.each([
  ['https://a.example', true],
  ['http://a.example', true],
  ['mailto:a@b.c', true],
  ['/relative', true],
  ['javascript:alert(1)', false],
  [' JaVaScRiPt:alert(1)', false],
  ['data:text/html,x', false],
  ['file:///etc/passwd', false],
  ['blob:https://a.example/x', false],
  [undefined, false],
])('safeLink %s: %s', (url, want) => expect(safeLink(url) !== undefined).toBe(want))

test.each([
  ['data:image/png;base64,AAAA', true],
  ['/v1/files/a.png', true],
  ['/v1/../logout', false],
  ['/elsewhere.png', false],
  ['https://evil.example/v1/x.png', false],
  ['data:text/html;base64,AAAA', false],
  ['http://[bad', false],
])('safeImage %s: %s', (url, want) => expect(safeImage(url) !== undefined).toBe(want))

describe('what is drawn', () => {
  test('code keeps its text and its language', () => {
    const page = draw('```go\na := "<b>"\n\nb()\n```')
    expect(page.querySelector('pre code')?.textContent).toBe('a := "<b>"\n\nb()')
    expect(page.textContent).toContain('Go')
  })
  test('what is open at the end is closed for now', () => {
    expect(draw('some **bold te', true).querySelector('strong')?.textContent).toBe('bold te')
    expect(draw('```js\nlet a', true).querySelector('pre code')?.textContent).toBe('let a')
  })
  test('a table can be scrolled by keyboard', () => {
    draw('| | b |\n|---|---|\n| 1 | 2 |')
    expect(screen.getByRole('group', { name: 'Table' }).tabIndex).toBe(0)
    expect(screen.getAllByRole('columnheader')).toHaveLength(1)
  })
})

import katex from 'katex'
import 'katex/dist/katex.min.css'

/**
 * Draws TeX into an element, with MathML for screen readers. It throws when the TeX is wrong. KaTeX makes elements
 * and sets their styles by script, which the page's policy allows; its HTML as a string it would not.
 */
export function typeset(tex: string, el: HTMLElement, display: boolean) {
  const drawn = document.createElement('span')
  katex.render(tex, drawn, { displayMode: display, throwOnError: true, trust: false, strict: 'ignore', maxExpand: 300, maxSize: 20 })
  el.replaceChildren(...drawn.childNodes)
}

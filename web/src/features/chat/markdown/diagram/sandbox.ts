import type { Answer, Palette, Question } from './frame'

// Mermaid needs style elements, which the page's policy forbids. So it runs in a frame with a policy of its own and
// no origin: it reaches neither the page nor the server, gets a text and gives back a picture.
const patience = { first: 20_000, then: 6_000 }
const largest = 2_000_000

interface Task extends Question {
  settle: (svg: string | undefined) => void
}

const queue: Task[] = []
let running: Task | undefined
let frame: HTMLIFrameElement | undefined
let ready = false
let timer: ReturnType<typeof setTimeout> | undefined
let ids = 0

/** Draws a diagram as SVG; undefined when it cannot be. One is drawn at a time. */
export function drawDiagram(text: string, palette: Palette, dark: boolean): Promise<string | undefined> {
  return new Promise((settle) => {
    queue.push({ id: ++ids, text, palette, dark, settle })
    next()
  })
}

function next() {
  if (running || queue.length === 0) return
  running = queue.shift()
  timer = setTimeout(stop, ready ? patience.then : patience.first)
  if (!frame) open()
  else if (ready) ask()
}

function open() {
  frame = document.createElement('iframe')
  frame.src = '/diagram.html'
  frame.setAttribute('sandbox', 'allow-scripts')
  frame.setAttribute('aria-hidden', 'true')
  frame.tabIndex = -1
  frame.title = 'diagram'
  // It has a size, since text is measured in it, and is seen by nobody.
  frame.className = 'pointer-events-none invisible fixed start-0 top-0 -z-10 h-[600px] w-[800px]'
  addEventListener('message', hear)
  document.body.append(frame)
}

function ask() {
  if (!running) return
  const { id, text, palette, dark } = running
  // A frame without an origin cannot be named as one. What is sent is the reader's own, and goes to our own file.
  frame?.contentWindow?.postMessage({ id, text, palette, dark } satisfies Question, '*')
}

function hear({ source, origin, data }: MessageEvent) {
  // Only a frame without an origin tells this one.
  if (source === null || source !== frame?.contentWindow || origin !== 'null') return
  const { id, svg } = (typeof data === 'object' && data !== null ? data : {}) as Partial<Answer>
  if (id === 0) {
    ready = true
    ask()
  } else if (running && id === running.id) finish(safe(svg) ? svg : undefined)
}

// The picture is shown as an image, in which nothing runs and nothing is fetched. What is no such picture, or tries
// to be more, is not shown at all.
function safe(svg: unknown): svg is string {
  return typeof svg === 'string' && svg.length <= largest && svg.startsWith('<svg') && !/<script|<foreignObject|<!ENTITY|javascript:|\son\w+\s*=/i.test(svg)
}

// A diagram that takes too long takes the frame with it.
function stop() {
  removeEventListener('message', hear)
  frame?.remove()
  frame = undefined
  ready = false
  finish(undefined)
}

function finish(svg: string | undefined) {
  clearTimeout(timer)
  const task = running
  running = undefined
  task?.settle(svg)
  next()
}

// The script of diagram.html: the page asks for a diagram by a message and gets it by another one. See sandbox.ts.
import mermaid from 'mermaid'

/** Colours of the page, as #rrggbb. */
export interface Palette {
  canvas: string
  sunken: string
  text: string
  muted: string
  line: string
  edge: string
  accent: string
  soft: string
}

export interface Question {
  id: number
  text: string
  palette: Palette
  dark: boolean
}

/** The id 0 tells that the frame listens; without svg the diagram cannot be drawn. */
export interface Answer {
  id: number
  svg?: string
}

// Without an origin of its own the document still knows its address, which is the page's.
const home = new URL(location.href).origin

const tell = (answer: Answer) => parent.postMessage(answer, home)

addEventListener('message', ({ source, origin, data }: MessageEvent<Question>) => {
  if (source !== parent || origin !== home) return
  draw(data).then(
    (svg) => tell({ id: data.id, svg }),
    () => tell({ id: data.id }),
  )
})
tell({ id: 0 })

async function draw({ id, text, palette, dark }: Question): Promise<string> {
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    // A diagram must not change these by a directive of its own.
    secure: ['secure', 'securityLevel', 'startOnLoad', 'maxTextSize', 'maxEdges', 'htmlLabels', 'theme', 'themeCSS', 'fontFamily', 'suppressErrorRendering'],
    htmlLabels: false,
    flowchart: { htmlLabels: false, useMaxWidth: false, padding: 14 },
    suppressErrorRendering: true,
    maxTextSize: 20_000,
    maxEdges: 300,
    theme: 'base',
    fontFamily: getComputedStyle(document.body).fontFamily,
    themeVariables: variables(palette, dark),
  })
  const { svg } = await mermaid.render(`diagram-${id}`, text)
  return svg
}

function variables(p: Palette, dark: boolean): Record<string, string | boolean> {
  return {
    darkMode: dark,
    fontSize: '15px',
    background: p.canvas,
    mainBkg: p.soft,
    primaryColor: p.soft,
    primaryTextColor: p.text,
    primaryBorderColor: p.accent,
    secondaryColor: p.sunken,
    secondaryTextColor: p.text,
    secondaryBorderColor: p.edge,
    tertiaryColor: p.sunken,
    tertiaryTextColor: p.text,
    tertiaryBorderColor: p.line,
    lineColor: p.edge,
    textColor: p.text,
    titleColor: p.text,
    nodeTextColor: p.text,
    clusterBkg: p.canvas,
    clusterBorder: p.line,
    edgeLabelBackground: p.canvas,
    noteBkgColor: p.sunken,
    noteTextColor: p.text,
    noteBorderColor: p.line,
    actorBkg: p.soft,
    actorBorder: p.accent,
    actorTextColor: p.text,
    labelBoxBkgColor: p.sunken,
    labelBoxBorderColor: p.edge,
    loopTextColor: p.text,
    labelTextColor: p.text,
    signalColor: p.muted,
    signalTextColor: p.text,
    activationBkgColor: p.sunken,
    activationBorderColor: p.edge,
  }
}

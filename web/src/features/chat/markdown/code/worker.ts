import { colour, type Line } from './colours'

export interface Job {
  id: number
  text: string
  language: string
}

export interface Result {
  id: number
  lines?: Line[]
}

addEventListener('message', ({ data }: MessageEvent<Job>) => {
  const tell = (lines?: Line[]) => postMessage({ id: data.id, lines } satisfies Result)
  colour(data.text, data.language).then(tell, () => tell())
})

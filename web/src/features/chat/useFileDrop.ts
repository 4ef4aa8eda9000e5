import { useEffect, useEffectEvent, useState } from 'react'

/** Takes files that are dropped anywhere on the page, and tells whether some are over it. */
export function useFileDrop(onFiles: ((files: File[]) => void) | undefined): boolean {
  const [over, setOver] = useState(false)
  const enabled = onFiles !== undefined
  const take = useEffectEvent((files: File[]) => onFiles?.(files))
  useEffect(() => {
    if (!enabled) return
    // Each element under the pointer tells of its own, so that they have to be counted.
    let depth = 0
    const files = (e: DragEvent) => e.dataTransfer?.types.includes('Files') ?? false
    const show = (n: number) => {
      depth = Math.max(0, n)
      setOver(depth > 0)
    }
    const enter = (e: DragEvent) => files(e) && show(depth + 1)
    const leave = (e: DragEvent) => files(e) && show(depth - 1)
    const move = (e: DragEvent) => files(e) && e.preventDefault()
    const drop = (e: DragEvent) => {
      if (!files(e)) return
      e.preventDefault()
      show(0)
      take([...(e.dataTransfer?.files ?? [])])
    }
    document.addEventListener('dragenter', enter)
    document.addEventListener('dragleave', leave)
    document.addEventListener('dragover', move)
    document.addEventListener('drop', drop)
    return () => {
      document.removeEventListener('dragenter', enter)
      document.removeEventListener('dragleave', leave)
      document.removeEventListener('dragover', move)
      document.removeEventListener('drop', drop)
    }
  }, [enabled])
  return over
}

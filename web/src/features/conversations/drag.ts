import { useState, type DragEvent } from 'react'

const type = 'application/x-parley-chats'

/** Begins to drag chats. */
export function dragChats(e: DragEvent, ids: readonly string[], title: string) {
  e.dataTransfer.effectAllowed = 'move'
  e.dataTransfer.setData(type, ids.join(' '))
  e.dataTransfer.setData('text/plain', title)
}

/** Props that make an element take chats, and whether some are over it. */
export function useChatDrop(onDrop: (ids: string[]) => void) {
  const [over, setOver] = useState(false)
  const mine = (e: DragEvent) => e.dataTransfer.types.includes(type)
  return {
    over,
    drop: {
      onDragOver: (e: DragEvent) => {
        if (!mine(e)) return
        e.preventDefault()
        e.dataTransfer.dropEffect = 'move'
        setOver(true)
      },
      onDragLeave: () => setOver(false),
      onDrop: (e: DragEvent) => {
        setOver(false)
        if (!mine(e)) return
        e.preventDefault()
        onDrop(e.dataTransfer.getData(type).split(' ').filter(Boolean))
      },
    },
  }
}

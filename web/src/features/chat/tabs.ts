// The tabs of one browser tell each other when a conversation has changed, so that each shows the same.
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('parley') : undefined

export function tellTabs(conversation: string) {
  channel?.postMessage({ conversation })
}

export function hearTabs(fn: (conversation: string) => void): () => void {
  const hear = (e: MessageEvent<{ conversation?: unknown }>) => {
    if (typeof e.data.conversation === 'string') fn(e.data.conversation)
  }
  channel?.addEventListener('message', hear)
  return () => channel?.removeEventListener('message', hear)
}

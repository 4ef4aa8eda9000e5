import { useState } from 'react'
import type { Model } from '@/api/types'
import { useChatModels, useStatus } from './data'
import { settings } from '@/kit/storage'

const key = 'parley.model'
const none: Model[] = []

/** The chat models, and the chosen one; undefined leaves the choice to the server. */
export function useModelChoice() {
  const models = useChatModels().data ?? none
  const usual = useStatus().data?.chat.model
  const [wish, setWish] = useState(() => settings.get(key))
  const known = (id: string | undefined) => (models.some((m) => m.id === id) ? id : undefined)
  const choose = (id: string) => {
    settings.set(key, id)
    setWish(id)
  }
  return { models, model: known(wish) ?? models.find((m) => m.parley?.default)?.id ?? known(usual), choose }
}

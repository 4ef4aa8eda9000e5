import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import type { Me } from '@/api/types'
import { offered, useOffer } from './offers'
import { useShortcuts } from './useShortcuts'

const Palette = lazy(() => import('./Palette'))
const Sheet = lazy(() => import('./Sheet'))

/** Acts on the shortcuts of the page, and shows the palette and the sheet of them. */
export function CommandCenter({ me }: { me: Me }) {
  const navigate = useNavigate()
  const [open, setOpen] = useState<'palette' | 'sheet' | null>(null)
  const toggle = (what: 'palette' | 'sheet') => setOpen((now) => (now === what ? null : what))
  useShortcuts()
  useOffer('palette', () => toggle('palette'))
  useOffer('sheet', () => toggle('sheet'))
  useOffer('newChat', () => {
    void navigate({ to: '/' }).then(() => offered('composer')?.())
  })
  const onClose = () => setOpen(null)
  return (
    <Suspense>
      {open === 'palette' && <Palette me={me} onClose={onClose} />}
      {open === 'sheet' && <Sheet onClose={onClose} />}
    </Suspense>
  )
}

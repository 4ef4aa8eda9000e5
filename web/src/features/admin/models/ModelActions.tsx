import { Download, Pause, Play, Power, PowerOff, Square } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import { Button } from '@/kit/Button'
import { ConfirmDialog } from '@/kit/Dialog'
import { toast } from '@/kit/toasts'
import { useFormat } from '../kit/format'
import type { Catalogue, Model } from '../types'
import { fit, isComing, useMemory, useModelAct, type ModelAct } from './data'

/** The one thing to do next with a model: download, pause, go on, load or unload. */
export function ModelActions({ model: m, catalogue }: { model: Model; catalogue?: Catalogue }) {
  const { t } = useTranslation('admin')
  const { bytes } = useFormat()
  const act = useModelAct()
  const [asking, setAsking] = useState(false)
  const run = (what: ModelAct, said?: string) =>
    act.mutate(
      { id: m.id, act: what },
      {
        onSuccess: () => said && toast({ text: said }),
        onError: (err) => toast({ tone: 'danger', text: errorText(err) }),
      },
    )
  // What would not run, or not even fit on the disk, is downloaded only on purpose.
  const memory = useMemory()
  const free = catalogue?.free_bytes ?? 0
  const tooLarge = fit(m.memory_bytes, memory) === 'large'
  const noRoom = free > 0 && m.size_bytes > free
  const pull = () => (tooLarge || noRoom ? setAsking(true) : run('pull'))
  const busy = act.isPending
  const button = (icon: typeof Play, label: string, what: () => void, look: 'secondary' | 'primary' = 'secondary') => {
    const Icon = icon
    return (
      <Button size="sm" look={look} busy={busy} aria-label={`${label}: ${m.id}`} onClick={what}>
        <Icon aria-hidden="true" className="size-4" />
        {label}
      </Button>
    )
  }
  return (
    <>
      {isComing(m) && m.state !== 'verifying' && (m.resumable ? button(Pause, t('models.pause'), () => run('pause')) : button(Square, t('models.stop'), () => run('pause')))}
      {m.state === 'paused' && button(Play, t('models.resume'), () => run('pull'))}
      {m.state === 'failed' && m.source && button(Download, t('models.again'), pull)}
      {m.state === 'available' && button(Download, t('models.pull'), pull)}
      {m.state === 'installed' && !m.loaded && button(Power, t('models.load'), () => run('load', t('models.wasLoaded', { id: m.id })))}
      {m.state === 'installed' && m.loaded && button(PowerOff, t('models.unload'), () => run('unload', t('models.wasUnloaded', { id: m.id })))}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false)
          run('pull')
        }}
        title={t('models.anywayTitle', { id: m.id })}
        description={
          noRoom
            ? t('models.noRoom', { need: bytes(m.size_bytes), free: bytes(free) })
            : t('models.tooLarge', { need: bytes(m.memory_bytes ?? 0), memory: bytes(memory?.total_bytes ?? 0) })
        }
        confirm={t('models.anyway')}
      />
    </>
  )
}

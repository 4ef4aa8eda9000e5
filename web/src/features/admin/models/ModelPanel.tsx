import type { UseQueryResult } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { Button } from '@/kit/Button'
import { ConfirmDialog } from '@/kit/Dialog'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { errorText } from '@/api/errorText'
import { Badge } from '../kit/Badge'
import { Code } from '../kit/Code'
import { Facts } from '../kit/Facts'
import { useFormat } from '../kit/format'
import { Meter } from '../kit/Meter'
import { Panel, PanelPart, PanelSkeleton } from '../kit/Panel'
import type { Catalogue, Model } from '../types'
import { fit, isComing, useMemory, useModelAct } from './data'
import { kindName } from './kinds'
import { ModelActions } from './ModelActions'
import { Download, ModelStatus } from './State'
import { TunedPart } from './TunedPart'

/** One model: what it is, whether it fits here, and what can be done with it. */
export function ModelPanel({ id, query }: { id: string; query: UseQueryResult<Catalogue> }) {
  const { t } = useTranslation('admin')
  const { bytes, number } = useFormat()
  const m = query.data?.data.find((other) => other.id === id)
  const coming = m && (isComing(m) || m.state === 'paused')
  return (
    <Panel
      page="models"
      row={id}
      title={m?.name || id}
      subtitle={
        m && (
          <span className="flex flex-wrap items-center gap-2">
            {kindName(t, m.kind)}
            {!coming && <ModelStatus model={m} />}
            {m.default && <Badge>{t('models.default')}</Badge>}
          </span>
        )
      }
    >
      {!m && (query.isPending ? <PanelSkeleton /> : <p className="text-sm text-muted">{t('models.gone')}</p>)}
      {m && (
        <>
          <p className="text-sm">{m.description}</p>
          {coming && <Download of={m} />}
          {m.error && <Notice className="whitespace-pre-line">{m.error}</Notice>}
          {coming && !m.resumable && <p className="text-sm text-muted">{t('models.notResumable')}</p>}
          <div className="flex flex-wrap gap-2">
            <ModelActions model={m} catalogue={query.data} />
            {(m.installed || m.state === 'paused' || m.state === 'failed') && <Remove model={m} />}
          </div>
          <MemoryPart model={m} />
          <PanelPart title={t('models.about')}>
            <Facts
              items={[
                [t('models.id'), <code className="font-mono text-xs">{m.id}</code>],
                [t('models.parameters'), m.parameters?.toLocaleString('en', { notation: 'compact' })],
                [t('models.quantisation'), m.quantisation],
                [t('models.size'), bytes(m.installed_bytes || m.size_bytes)],
                [t('models.adapterOf'), m.adapter && <code className="font-mono text-xs">{m.adapter.base}</code>],
                [t('models.scale'), m.adapter && number(m.adapter.scale)],
                [t('models.adapterFor'), m.adapter && (m.adapter.tenants.length > 0 ? t('models.adapterSome', { count: m.adapter.tenants.length }) : t('models.adapterAll'))],
                [t('models.sees'), m.vision && t('models.yes')],
                [t('models.context'), m.context && t('models.tokens', { count: m.context, n: number(m.context) })],
                [t('models.licence'), m.licence_url ? <Outside href={m.licence_url}>{m.licence}</Outside> : m.licence],
                [t('models.source'), m.source],
              ]}
            />
          </PanelPart>
          {m.tuned && <TunedPart tuned={m.tuned} />}
          {!m.installed && m.source && (
            <PanelPart title={t('models.shell')} text={t('models.shellText')}>
              <Code text={`parley model pull ${m.id}`} label={t('kit.copyCommand')} />
            </PanelPart>
          )}
        </>
      )}
    </Panel>
  )
}

function Outside({ href, children }: { href: string; children: string }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer" className="text-accent underline underline-offset-4">
      {children}
    </a>
  )
}

function MemoryPart({ model: m }: { model: Model }) {
  const { t } = useTranslation('admin')
  const { bytes } = useFormat()
  const memory = useMemory()
  const how = fit(m.memory_bytes, memory, m.loaded)
  if (!memory || !m.memory_bytes || how === 'unknown') return null
  const tone = how === 'large' ? 'danger' : how === 'tight' ? 'warn' : 'good'
  const need = m.loaded ? m.loaded_bytes || m.memory_bytes : m.memory_bytes
  return (
    <PanelPart title={t('models.memory')} text={m.loaded ? t('models.fitText.loaded') : t(`models.fitText.${how}`)}>
      <div>
        <Meter value={need / memory.total_bytes} label={t('models.memory')} text={t('models.ofMemory', { need: bytes(need), memory: bytes(memory.total_bytes) })} tone={tone} />
        <p className="mt-1.5 text-xs text-muted">{t('models.ofMemory', { need: bytes(need), memory: bytes(memory.total_bytes) })}</p>
      </div>
    </PanelPart>
  )
}

function Remove({ model: m }: { model: Model }) {
  const { t } = useTranslation('admin')
  const { bytes } = useFormat()
  const navigate = useNavigate()
  const act = useModelAct()
  const [asking, setAsking] = useState(false)
  const remove = () =>
    act.mutate(
      { id: m.id, act: 'remove' },
      {
        onSuccess: () => {
          setAsking(false)
          toast({ text: t('models.removed', { id: m.id }) })
          void navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'models', id: undefined }, search: true })
        },
      },
    )
  return (
    <>
      <Button size="sm" className="text-danger!" onClick={() => setAsking(true)}>
        {t('models.remove')}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => {
          setAsking(false)
          act.reset()
        }}
        onConfirm={remove}
        busy={act.isPending}
        title={t('models.removeTitle', { id: m.id })}
        description={m.installed ? t('models.removeText', { size: bytes(m.installed_bytes || m.size_bytes) }) : t('models.removePart')}
        confirm={t('models.remove')}
      >
        {act.isError && <Notice>{errorText(act.error)}</Notice>}
      </ConfirmDialog>
    </>
  )
}

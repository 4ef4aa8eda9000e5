import type { ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { useFormat } from '../kit/format'
import { Meter } from '../kit/Meter'
import type { Health } from '../types'

/** How full and how busy the server is. */
export function Figures({ health: h }: { health: Health }) {
  const { t } = useTranslation('admin')
  const { bytes, number, span } = useFormat()
  const used = h.memory.total_bytes - h.memory.available_bytes
  const full = h.disk.data_total_bytes > 0 ? 1 - h.disk.data_free_bytes / h.disk.data_total_bytes : 0
  return (
    <section>
      <h2 className="mb-3 text-base font-semibold">{t('health.figures')}</h2>
      <dl className="grid gap-3 @2xl:grid-cols-2 @5xl:grid-cols-3">
        {h.memory.total_bytes > 0 && (
          <Figure title={t('health.memory')} value={t('health.memoryOf', { used: bytes(used), total: bytes(h.memory.total_bytes) })}>
            <Level value={used / h.memory.total_bytes} label={t('health.memory')} />
          </Figure>
        )}
        <Figure title={t('health.disk')} value={t('health.diskOf', { free: bytes(h.disk.data_free_bytes), total: bytes(h.disk.data_total_bytes) })}>
          <Level value={full} label={t('health.disk')} />
        </Figure>
        <Figure title={t('health.queue')} value={t('health.queueText', { running: number(h.queue.running), waiting: number(h.queue.waiting) })} />
        <Figure title={t('health.process')} value={[h.process.rss_bytes && bytes(h.process.rss_bytes), t('health.cores', { count: h.process.cpu_cores }), h.process.open_files && t('health.files', { count: h.process.open_files })].filter(Boolean).join(', ')} />
        <Figure title={t('health.database')} value={t('health.databaseText', { kind: h.database.kind, size: bytes(h.database.size_bytes), schema: h.database.schema_version })} />
        <Figure title={t('health.engine')} value={h.engine.ready ? h.engine.version || t('health.ready') : h.engine.error || t('health.notReady')} note={h.engine.path} />
        <Figure title={t('health.version')} value={h.version} />
        <Figure title={t('health.uptime')} value={span(h.uptime_s)} />
      </dl>
      <h2 className="mt-8 mb-3 text-base font-semibold">{t('health.loaded')}</h2>
      {h.models_loaded.length === 0 ? (
        <p className="text-sm text-muted">{t('health.none')}</p>
      ) : (
        <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
          {h.models_loaded.map((m) => (
            <li key={m.id} className="flex flex-wrap justify-between gap-x-6 gap-y-0.5 px-5 py-3 text-sm">
              <span className="font-medium">{m.id}</span>
              <span className="text-muted tabular-nums">{t('health.loadedText', { size: bytes(m.bytes), tokens: number(m.context), slots: number(m.slots) })}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Level({ value, label }: { value: number; label: string }) {
  const { percent } = useFormat()
  return <Meter value={value} label={label} text={percent(value)} tone={value > 0.95 ? 'danger' : value > 0.85 ? 'warn' : 'good'} className="mt-2.5" />
}

function Figure({ title, value, note, children }: { title: string; value: string; note?: string; children?: ReactNode }) {
  return (
    <div className="rounded-lg border border-line bg-raised px-5 py-3.5">
      <dt className="text-xs text-muted">{title}</dt>
      <dd className="mt-0.5 text-sm wrap-anywhere tabular-nums">
        {value}
        {note && <span className="block text-xs text-muted">{note}</span>}
        {children}
      </dd>
    </div>
  )
}

import { Boxes } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { DataTable, type Column } from '../kit/DataTable'
import { Empty } from '../kit/Empty'
import { useFormat } from '../kit/format'
import { matches, sorted } from '../kit/list'
import { ListBody } from '../kit/ListBody'
import { Page } from '../kit/Page'
import { Toolbar } from '../kit/Toolbar'
import { useList } from '../kit/useList'
import type { PageProps } from '../pages'
import type { Memory, Model } from '../types'
import { fit, isComing, useCatalogue, useMemory } from './data'
import { kindName, kinds } from './kinds'
import { EngineMissing } from './EngineMissing'
import { ModelActions } from './ModelActions'
import { ModelPanel } from './ModelPanel'
import { ModelStatus } from './State'

const values: Record<string, (m: Model) => string | number | undefined> = {
  id: (m) => m.id,
  size: (m) => m.size_bytes,
  memory: (m) => m.memory_bytes,
  context: (m) => m.context,
}

const states = ['installed', 'available', 'coming'] as const
const spec = { filters: { kind: kinds, state: states }, sorts: ['memory', 'id', 'size', 'context'] }

const inState = (m: Model, state: string | undefined) =>
  !state || (state === 'installed' ? m.installed : state === 'coming' ? isComing(m) || m.state === 'paused' || m.state === 'failed' : m.state === 'available')

export default function ModelsPage({ id }: PageProps) {
  const { t } = useTranslation('admin')
  const { language, bytes, number } = useFormat()
  const list = useList(spec)
  const catalogue = useCatalogue()
  const memory = useMemory()
  const found = catalogue.data?.data
    .filter((m) => matches(list.q, m.id, m.name, m.description, m.licence))
    .filter((m) => !list.filters.kind || m.kind === list.filters.kind)
    .filter((m) => inState(m, list.filters.state))
  const rows = found && sorted(found, values[list.sort], list.down, language)

  const lead = !catalogue.data
    ? t('models.lead')
    : memory
      ? t('models.leadMachine', { free: bytes(memory.available_bytes), memory: bytes(memory.total_bytes), disk: bytes(catalogue.data.free_bytes) })
      : t('models.leadDisk', { disk: bytes(catalogue.data.free_bytes) })

  const columns: Column<Model>[] = [
    { key: 'id', title: t('models.model'), sorts: true, cell: (m) => m.id, note: (m) => <p className="text-xs text-muted @max-4xl:@min-2xl:hidden">{m.description}</p> },
    { key: 'kind', title: t('models.kind'), from: 'wide', cell: (m) => <span className="text-muted">{kindName(t, m.kind)}</span> },
    { key: 'size', title: t('models.size'), sorts: true, end: true, cell: (m) => <span className="whitespace-nowrap tabular-nums">{bytes(m.size_bytes)}</span> },
    { key: 'memory', title: t('models.memory'), sorts: true, end: true, cell: (m) => <Need model={m} memory={memory} /> },
    { key: 'context', title: t('models.context'), sorts: true, end: true, from: 'wide', cell: (m) => <span className="text-muted tabular-nums">{m.context ? number(m.context) : '–'}</span> },
    { key: 'licence', title: t('models.licence'), from: 'wide', cell: (m) => <span className="whitespace-nowrap text-muted">{m.licence.replace(/^LicenseRef-/, '')}</span> },
    { key: 'state', title: t('models.state'), card: 'line', cell: (m) => <ModelStatus model={m} /> },
  ]
  return (
    <Page
      title={t('nav.models')}
      lead={lead}
      panel={id ? <ModelPanel key={id} id={id} query={catalogue} /> : undefined}
    >
      {catalogue.data?.engine && !catalogue.data.engine.ready && <EngineMissing engine={catalogue.data.engine} />}
      <Toolbar
        list={list}
        search={t('models.search')}
        filters={[
          { name: 'kind', label: t('models.kind'), options: kinds.map((k) => ({ value: k, label: t(`models.kinds.${k}`) })) },
          { name: 'state', label: t('models.state'), options: states.map((s) => ({ value: s, label: t(`models.stateFilter.${s}`) })) },
        ]}
        sorts={columns.filter((c) => c.sorts)}
        count={rows && t('models.count', { count: rows.length })}
      />
      <ListBody query={catalogue} count={rows?.length} list={list} empty={<Empty icon={Boxes} title={t('models.empty')} text={t('models.emptyText')} />}>
        <DataTable
          label={t('nav.models')}
          columns={columns}
          rows={rows}
          id={(m) => m.id}
          page="models"
          chosen={id}
          list={list}
          actions={(m) => <ModelActions model={m} catalogue={catalogue.data} />}
        />
      </ListBody>
    </Page>
  )
}

function Need({ model: m, memory }: { model: Model; memory?: Memory }) {
  const { t } = useTranslation('admin')
  const { bytes } = useFormat()
  const how = fit(m.memory_bytes, memory, m.loaded)
  return (
    <span className="whitespace-nowrap tabular-nums">
      {m.memory_bytes ? bytes(m.memory_bytes) : '–'}
      {(how === 'tight' || how === 'large') && <span className={how === 'large' ? 'block text-xs text-danger' : 'block text-xs text-warn'}>{t(`models.fit.${how}`)}</span>}
    </span>
  )
}

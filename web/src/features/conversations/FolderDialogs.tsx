import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Conversation, Folder } from '@/api/types'
import { Button } from '@/kit/Button'
import { ConfirmDialog, Dialog } from '@/kit/Dialog'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { useFolderChanges } from './data'

type Naming = { do: 'make'; move: Conversation[] } | { do: 'rename'; folder: Folder }

/** What is being done to folders in a dialog. */
export type FolderTask = Naming | { do: 'delete'; folder: Folder }

interface Props {
  task: FolderTask | null
  onClose: () => void
  /** A folder was made; chats wait to be moved to it. */
  onMade: (folder: Folder, move: Conversation[]) => void
}

export function FolderDialogs({ task, onClose, onMade }: Props) {
  const { t } = useTranslation()
  const folders = useFolderChanges()
  if (!task) return null
  if (task.do === 'delete') {
    const { folder } = task
    return (
      <ConfirmDialog
        open
        onClose={onClose}
        onConfirm={() => {
          onClose()
          folders.remove(folder.id).catch((err: unknown) => toast({ tone: 'danger', text: errorText(err) }))
        }}
        title={t('folders.deleteTitle')}
        description={t('folders.deleteText', { name: folder.name })}
        confirm={t('folders.delete')}
      />
    )
  }
  return <NameDialog task={task} onClose={onClose} onMade={onMade} />
}

function NameDialog({ task, onClose, onMade }: { task: Naming; onClose: () => void; onMade: Props['onMade'] }) {
  const { t } = useTranslation()
  const folders = useFolderChanges()
  const [name, setName] = useState(task.do === 'rename' ? task.folder.name : '')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const save = async () => {
    if (busy) return
    setBusy(true)
    try {
      if (task.do === 'rename') await folders.rename(task.folder.id, name.trim())
      else onMade(await folders.make(name.trim()), task.move)
      onClose()
    } catch (err) {
      setProblem(errorText(err))
      setBusy(false)
    }
  }
  return (
    <Dialog open onClose={onClose} title={task.do === 'rename' ? t('folders.renameTitle') : t('folders.newTitle')}>
      <form
        className="space-y-5 px-6 pt-4 pb-6"
        onSubmit={(e) => {
          e.preventDefault()
          if (name.trim()) void save()
        }}
      >
        <Field label={t('folders.name')} required maxLength={80} value={name} onChange={(e) => setName(e.target.value)} />
        {problem && <Notice>{problem}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('kit.cancel')}</Button>
          <Button type="submit" look="primary" busy={busy} disabled={!name.trim()}>
            {task.do === 'rename' ? t('list.rename') : t('folders.create')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

import { ConfirmDialog } from './Dialog'
import { Notice } from './Notice'
import { useAction } from './useAction'

interface Props {
  title: string
  description: string
  confirm: string
  /** Done when it is confirmed. What fails is said in the dialog, which stays open. */
  work: () => Promise<void>
  onClose: () => void
}

/** Asks before something that cannot be undone, does it and closes. It is there as long as it asks. */
export function AskFirst({ title, description, confirm, work, onClose }: Props) {
  const { busy, problem, run } = useAction()
  return (
    <ConfirmDialog open onClose={onClose} busy={busy} title={title} description={description} confirm={confirm} onConfirm={() => void run(() => work().then(onClose))}>
      {problem && <Notice>{problem}</Notice>}
    </ConfirmDialog>
  )
}

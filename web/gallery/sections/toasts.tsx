import { Button } from '@/kit/Button'
import { Toaster } from '@/kit/Toaster'
import { toast } from '@/kit/toasts'
import { Case, long, type Section } from '../section'

// The toasts come up at the page's own Toaster.
export const toasts: Section[] = [
  {
    of: { Toaster },
    Cases: () => (
      <>
        <Case name="plain">
          <Button data-opens="toast" onClick={() => toast({ text: 'Chat archived.' })}>
            Show
          </Button>
        </Case>
        <Case name="with an action">
          <Button data-opens="toast" onClick={() => toast({ text: 'Chat deleted.', action: { label: 'Undo', run: () => {} } })}>
            Show
          </Button>
        </Case>
        <Case name="danger, long text">
          <Button data-opens="toast" onClick={() => toast({ tone: 'danger', text: long })}>
            Show
          </Button>
        </Case>
      </>
    ),
  },
]

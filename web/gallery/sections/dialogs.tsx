import { useState, type ReactNode } from 'react'
import { AskFirst } from '@/kit/AskFirst'
import { Button } from '@/kit/Button'
import { ConfirmDialog, Dialog } from '@/kit/Dialog'
import { Field } from '@/kit/Field'
import { Case, long, type Section } from '../section'

function Opener({ name, children }: { name: string; children: (open: boolean, close: () => void) => ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <Case name={name}>
      <Button data-opens="dialog" onClick={() => setOpen(true)}>
        Open
      </Button>
      {children(open, () => setOpen(false))}
    </Case>
  )
}

export const dialogs: Section[] = [
  {
    of: { Dialog },
    Cases: () => (
      <>
        <Opener name="with a field">
          {(open, onClose) => (
            <Dialog open={open} onClose={onClose} title="Rename the folder" description="Its chats stay in it.">
              <div className="px-6 pt-4 pb-6">
                <Field label="Name" defaultValue="Harbour" />
              </div>
            </Dialog>
          )}
        </Opener>
        <Opener name="long text">
          {(open, onClose) => (
            <Dialog open={open} onClose={onClose} title={long} description={long}>
              <div className="space-y-4 overflow-y-auto px-6 pt-4 pb-6">
                <p>{`${long} `.repeat(30)}</p>
                <Button onClick={onClose}>Done</Button>
              </div>
            </Dialog>
          )}
        </Opener>
      </>
    ),
  },
  {
    of: { AskFirst },
    Cases: () => (
      <Opener name="fails, and says so">
        {(open, onClose) =>
          open && (
            <AskFirst title="Revoke this key?" description="Programs that use it are refused at once." confirm="Revoke" onClose={onClose} work={() => Promise.reject(new Error('no'))} />
          )
        }
      </Opener>
    ),
  },
  {
    of: { ConfirmDialog },
    Cases: () => (
      <>
        {[false, true].map((busy) => (
          <Opener key={String(busy)} name={busy ? 'busy' : 'asks'}>
            {(open, onClose) => (
              <ConfirmDialog
                open={open}
                onClose={onClose}
                onConfirm={onClose}
                busy={busy}
                title="Delete this chat?"
                description="“Tides” and all its messages will be gone for good."
                confirm="Delete"
              />
            )}
          </Opener>
        ))}
      </>
    ),
  },
]

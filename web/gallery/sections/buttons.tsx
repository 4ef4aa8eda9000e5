import { Archive, Plus, Settings } from 'lucide-react'
import { Button } from '@/kit/Button'
import { CopyButton } from '@/kit/CopyButton'
import { IconButton } from '@/kit/IconButton'
import { Kbd } from '@/kit/Kbd'
import { Logo } from '@/kit/Logo'
import { tip, Tooltips } from '@/kit/Tooltip'
import { Case, unbroken, type Section } from '../section'

const looks = ['primary', 'secondary', 'ghost', 'danger'] as const
const sizes = ['md', 'sm'] as const

function Buttons() {
  return (
    <>
      {looks.map((look) => (
        <Case key={look} name={look}>
          {sizes.map((size) => (
            <div key={size} className="flex flex-wrap gap-2 pb-1">
              <Button look={look} size={size}>
                Save
              </Button>
              <Button look={look} size={size} busy>
                Save
              </Button>
              <Button look={look} size={size} disabled>
                Save
              </Button>
            </div>
          ))}
        </Case>
      ))}
      <Case name="with an icon">
        <Button>
          <Plus aria-hidden="true" className="size-4" />
          Add a model
        </Button>
      </Case>
      <Case name="long text">
        <Button className="max-w-full">
          <span className="truncate">{unbroken}</span>
        </Button>
      </Case>
    </>
  )
}

function IconButtons() {
  return (
    <>
      {sizes.map((size) => (
        <Case key={size} name={size}>
          <div className="flex gap-2">
            <IconButton icon={Settings} label="Settings" keys="Ctrl+," size={size} />
            <IconButton icon={Settings} label="Settings, opened" size={size} aria-expanded />
            <IconButton icon={Archive} label="Archive" size={size} disabled />
          </div>
        </Case>
      ))}
    </>
  )
}

export const buttons: Section[] = [
  { of: { Button }, Cases: Buttons },
  { of: { IconButton }, Cases: IconButtons },
  {
    of: { CopyButton },
    Cases: () => (
      <Case name="press it">
        <CopyButton text="42" />
      </Case>
    ),
  },
  {
    of: { Tooltips },
    Cases: () => (
      <Case name="on hover and on focus">
        <Button data-opens="tooltip" {...tip('Begins a new chat', 'Ctrl+Shift+O')}>
          New chat
        </Button>
      </Case>
    ),
  },
  {
    of: { Kbd },
    Cases: () => (
      <Case name="one key, and several">
        <div className="flex gap-4">
          <Kbd keys={['Esc']} />
          <Kbd keys={['Ctrl', 'Shift', 'O']} />
        </div>
      </Case>
    ),
  },
  {
    of: { Logo },
    Cases: () => (
      <Case name="small and large">
        <div className="flex items-center gap-4">
          <Logo className="size-6" />
          <Logo className="size-11" />
        </div>
      </Case>
    ),
  },
]

import { Archive, Folder, Pencil, Pin, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/kit/Button'
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine, MenuSub } from '@/kit/Menu'
import { Popover } from '@/kit/Popover'
import { Case, long, type Section } from '../section'

const nothing = () => {}

function Menus() {
  const [model, setModel] = useState('small')
  return (
    <>
      <Case name="actions">
        <Menu align="start" trigger={<Button data-opens="menu">Options</Button>}>
          <MenuLabel>This chat</MenuLabel>
          <MenuItem icon={Pin} onSelect={nothing}>
            Pin
          </MenuItem>
          <MenuItem icon={Pencil} onSelect={nothing}>
            Rename
          </MenuItem>
          <MenuItem icon={Archive} disabled onSelect={nothing}>
            Archive
          </MenuItem>
          <MenuSub icon={Folder} label="Move to">
            <MenuItem icon={Folder} onSelect={nothing}>
              Harbour
            </MenuItem>
          </MenuSub>
          <MenuLine />
          <MenuItem icon={Trash2} danger onSelect={nothing}>
            Delete
          </MenuItem>
        </Menu>
      </Case>
      <Case name="one of several, and long text">
        <Menu align="start" className="max-w-72" trigger={<Button data-opens="menu">Model</Button>}>
          <MenuChoice
            value={model}
            onChange={setModel}
            options={[
              { value: 'small', label: 'Small', note: '135M' },
              { value: 'large', label: 'Large', note: '7B' },
              { value: 'long', label: long },
            ]}
          />
        </Menu>
      </Case>
    </>
  )
}

function Popovers() {
  const [open, setOpen] = useState(false)
  return (
    <Case name="takes the focus">
      <Popover open={open} onOpenChange={setOpen} label="About the model" align="start" className="w-64" trigger={<Button data-opens="dialog">About</Button>}>
        <div className="space-y-3 p-4">
          <p>{long}</p>
          <Button size="sm" onClick={() => setOpen(false)}>
            Close
          </Button>
        </div>
      </Popover>
    </Case>
  )
}

export const menus: Section[] = [
  { of: { Menu, MenuItem, MenuChoice, MenuLine, MenuLabel, MenuSub }, Cases: Menus },
  { of: { Popover }, Cases: Popovers },
]

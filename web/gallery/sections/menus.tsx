import { Archive, Pencil, Pin, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/kit/Button'
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '@/kit/Menu'
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
          <MenuItem icon={Archive} onSelect={nothing}>
            Archive
          </MenuItem>
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

export const menus: Section[] = [{ of: { Menu, MenuItem, MenuChoice, MenuLine, MenuLabel }, Cases: Menus }]

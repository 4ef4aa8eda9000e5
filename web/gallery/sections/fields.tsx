import { Monitor, Moon, Sun } from 'lucide-react'
import { useState } from 'react'
import { Field } from '@/kit/Field'
import { Segmented } from '@/kit/Segmented'
import { Case, long, type Section } from '../section'

function Fields() {
  return (
    <>
      <Case name="empty">
        <Field label="Name" placeholder="Grace Hopper" />
      </Case>
      <Case name="with a hint">
        <Field label="Address" hint="As everyone sees it." defaultValue="grace@example.com" />
      </Case>
      <Case name="in error">
        <Field label="Email" error="This address is taken. Sign in, or use another one." defaultValue="grace@example.com" />
      </Case>
      <Case name="disabled">
        <Field label="Organisation" disabled defaultValue="Harbour Works" />
      </Case>
      <Case name="secret">
        <Field label="Password" type="password" defaultValue="a long enough password" autoComplete="off" />
      </Case>
      <Case name="long text">
        <Field label={long} hint={long} defaultValue={long} />
      </Case>
    </>
  )
}

function Choices() {
  const [theme, setTheme] = useState('system')
  const [days, setDays] = useState('7')
  return (
    <>
      <Case name="with icons">
        <Segmented
          label="Theme of the example"
          value={theme}
          onChange={setTheme}
          options={[
            { value: 'light', label: 'Light', icon: Sun },
            { value: 'dark', label: 'Dark', icon: Moon },
            { value: 'system', label: 'System', icon: Monitor },
          ]}
        />
      </Case>
      <Case name="words">
        <Segmented label="Days" value={days} onChange={setDays} options={['7', '30', '365'].map((value) => ({ value, label: `${value} days` }))} />
      </Case>
    </>
  )
}

export const fields: Section[] = [
  { of: { Field }, Cases: Fields },
  { of: { Segmented }, Cases: Choices },
]

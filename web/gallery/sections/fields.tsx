import { Monitor, Moon, Sun } from 'lucide-react'
import { useState } from 'react'
import { Field, inputClass } from '@/kit/Field'
import { Option } from '@/kit/Option'
import { Segmented } from '@/kit/Segmented'
import { TextArea } from '@/kit/TextArea'
import { useListbox } from '@/kit/useListbox'
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
      <Case name="one that can’t be chosen">
        <Segmented label="Audience" value="team" onChange={() => {}} options={[{ value: 'team', label: 'Team' }, { value: 'link', label: 'Link', disabled: true }]} />
      </Case>
    </>
  )
}

function Areas() {
  const [text, setText] = useState('It grows with\nits text.')
  return (
    <>
      <Case name="growing">
        <TextArea label="Comment" value={text} onChange={(e) => setText(e.target.value)} />
      </Case>
      <Case name="with a hint, empty">
        <TextArea label="Text" hint="{{name}} is a variable." placeholder="Summarise {{text}}" value="" readOnly />
      </Case>
      <Case name="disabled">
        <TextArea label="Text" disabled value={long} readOnly />
      </Case>
    </>
  )
}

const fruits = ['Apple', 'Pear', long]

function Options() {
  const [chosen, setChosen] = useState('Pear')
  const list = useListbox(fruits.length, (i) => setChosen(fruits[i] ?? ''), { begin: 1 })
  return (
    <Case name="the arrows move, Enter chooses">
      <input
        role="combobox"
        aria-label="Fruit"
        aria-expanded
        aria-controls={list.id}
        aria-activedescendant={list.active}
        value={chosen}
        onChange={() => {}}
        onKeyDown={list.onKeyDown}
        className={inputClass}
      />
      <div role="listbox" id={list.id} aria-label="Fruits" className="mt-1 rounded-md border border-line bg-raised p-1">
        {fruits.map((fruit, i) => (
          <Option key={fruit} id={list.optionId(i)} active={i === list.at} selected={fruit === chosen} onPoint={() => list.setAt(i)} onChoose={() => setChosen(fruit)}>
            {fruit}
          </Option>
        ))}
      </div>
    </Case>
  )
}

export const fields: Section[] = [
  { of: { Field }, Cases: Fields },
  { of: { TextArea }, Cases: Areas },
  { of: { Option }, Cases: Options },
  { of: { Segmented }, Cases: Choices },
]

import { useState } from 'react'
import { Badge } from '@/features/admin/kit/Badge'
import { Chart, type Bar } from '@/features/admin/kit/Chart'
import { Code } from '@/features/admin/kit/Code'
import { Facts } from '@/features/admin/kit/Facts'
import { FormEnd, NamesField, SelectField } from '@/features/admin/kit/fields'
import { Meter } from '@/features/admin/kit/Meter'
import { Once } from '@/features/admin/kit/Once'
import { Panel, PanelPart, PanelSkeleton } from '@/features/admin/kit/Panel'
import { PasswordField } from '@/features/admin/kit/PasswordField'
import { TypedConfirm } from '@/features/admin/kit/TypedConfirm'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { Case, long, nothing, unbroken, type Section } from '../../section'

const ranks = ['Admiral', 'Cook', 'Botanist'].map((label) => ({ value: label, label }))
const facts: [string, React.ReactNode][] = [
  ['Created', '23 November 2026'],
  ['Signs in by', 'Password'],
  ['Note', long],
  ['ID', <code className="font-mono text-xs">usr_{unbroken}</code>],
  ['Nothing', ''],
]

function Form({ failed }: { failed?: boolean }) {
  const [groups, setGroups] = useState(['Engineering', 'On call'])
  const [password, setPassword] = useState('')
  return (
    <form className="space-y-4" onSubmit={(e) => e.preventDefault()}>
      {failed && <Notice>The user could not be saved. Try again.</Notice>}
      <Field label="Name" defaultValue="Grace Hopper" />
      <Field label="Email" type="email" defaultValue="grace@example.com" error={failed ? 'There is already a user with the address.' : undefined} />
      <SelectField label="Rank" hint="What it may do aboard." options={ranks} />
      <NamesField label="Groups" name="groups" hint="Enter or a comma adds a group." value={groups} suggestions={['Research']} onChange={setGroups} />
      <PasswordField label="Password" name="password" hint="Pass it on yourself." value={password} onChange={(e) => setPassword(e.target.value)} />
      <FormEnd>
        <Button type="submit" look="primary" busy={failed}>
          Save
        </Button>
        <Button>Cancel</Button>
      </FormEnd>
    </form>
  )
}

// Where a panel stands beside its list; on a narrow screen it covers it.
const beside = 'relative flex justify-end overflow-hidden rounded-md border border-line'

const days: Bar[] = [4, 17, 20, 2, 0, 34, 30].map((value, i) => ({ key: String(i), label: `Nov ${19 + i}`, value }))

function Confirms() {
  const [open, setOpen] = useState(false)
  return (
    <Case name="wants it spelled out">
      <Button data-opens="dialog" onClick={() => setOpen(true)}>
        Open
      </Button>
      {open && (
        <TypedConfirm
          title="Delete the user?"
          description="All chats and keys are deleted with the account."
          word="grace@example.com"
          confirm="Delete"
          onClose={() => setOpen(false)}
          onConfirm={() => Promise.reject(new Error('not here'))}
        />
      )}
    </Case>
  )
}

export const details: Section[] = [
  {
    of: { Panel, PanelPart, PanelSkeleton },
    Cases: () => (
      <>
        <Case name="a detail" wide>
          <div className={`${beside} h-[34rem]`}>
            <Panel page="users" title="Grace Hopper" subtitle={<Badge tone="good">Aboard</Badge>}>
              <Facts items={facts} />
              <PanelPart title="Sign-in" text="Where this user is signed in.">
                <Button size="sm">Sign out everywhere</Button>
              </PanelPart>
            </Panel>
          </div>
        </Case>
        <Case name="a form, refused" wide>
          <div className={`${beside} h-[46rem]`}>
            <Panel page="users" title="New user">
              <Form failed />
            </Panel>
          </div>
        </Case>
        <Case name="loading" wide>
          <div className={`${beside} h-80`}>
            <Panel page="users" title={unbroken}>
              <PanelSkeleton />
            </Panel>
          </div>
        </Case>
      </>
    ),
  },
  {
    of: { SelectField, NamesField, PasswordField, FormEnd },
    Cases: () => (
      <>
        <Case name="a form at rest">
          <Form />
        </Case>
        <Case name="in error">
          <div className="space-y-4">
            <SelectField label="Rank" error="Nobody has this rank." options={ranks} />
            <NamesField label="Groups" name="names" error="There is no such group." value={[unbroken]} suggestions={[]} onChange={nothing} />
            <PasswordField label="Password" name="secret" hint="" error="At least 12 characters." value="short" onChange={nothing} />
          </div>
        </Case>
        <Case name="disabled">
          <SelectField label="Rank" disabled options={ranks} />
        </Case>
      </>
    ),
  },
  {
    of: { Facts },
    Cases: () => (
      <Case name="without what is unknown">
        <Facts items={facts} />
      </Case>
    ),
  },
  {
    of: { Code, Once },
    Cases: () => (
      <>
        <Case name="a command">
          <Code text={`parley model pull ${unbroken}`} label="Copy the command" />
        </Case>
        <Case name="what is shown once">
          <Once title="The key was made." text="Copy it now: it is not shown again." secret="parley_5f2c9d01b7e84a63" copy="Copy the key" onDone={nothing} />
        </Case>
      </>
    ),
  },
  {
    of: { Meter },
    Cases: () => (
      <>
        {([['good', 0.4], ['warn', 0.8], ['danger', 1]] as const).map(([tone, value]) => (
          <Case key={tone} name={tone}>
            <Meter label={`Memory, ${tone}`} text={`${value * 100} %`} value={value} tone={tone} />
          </Case>
        ))}
        <Case name="a download">
          <Meter label="Download" text="25 %" value={0.25} progress />
        </Case>
      </>
    ),
  },
  {
    of: { Chart },
    Cases: () => (
      <>
        <Case name="days" wide>
          <Chart upright bars={days} description="Requests a day: 107 in a week." format={String} />
        </Case>
        <Case name="lines">
          <Chart bars={days.slice(0, 4)} description="Requests by model." format={String} />
        </Case>
        <Case name="nothing yet">
          <Chart upright bars={days.map((b) => ({ ...b, value: 0 }))} description="No requests yet." format={String} />
        </Case>
      </>
    ),
  },
  { of: { TypedConfirm }, Cases: Confirms },
]

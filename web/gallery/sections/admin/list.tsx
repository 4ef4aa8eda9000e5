import { UsersRound } from 'lucide-react'
import { useState, type ComponentProps, type ReactNode } from 'react'
import { ApiError } from '@/api/client'
import { Badge, type Tone } from '@/features/admin/kit/Badge'
import { DataTable, type Column } from '@/features/admin/kit/DataTable'
import { Empty } from '@/features/admin/kit/Empty'
import { ListBody } from '@/features/admin/kit/ListBody'
import { NewLink, PageLink } from '@/features/admin/kit/links'
import { ChoiceChip, Toolbar } from '@/features/admin/kit/Toolbar'
import type { ListControl } from '@/features/admin/kit/useList'
import { Button } from '@/kit/Button'
import { Case, long, nothing, State, unbroken, type Section } from '../../section'

interface Sailor {
  id: string
  name: string
  rank: string
  left: boolean
}

const crew: Sailor[] = [
  { id: 'a', name: 'Grace Hopper', rank: 'Rear admiral', left: false },
  { id: 'b', name: unbroken, rank: 'Cook', left: true },
  { id: 'c', name: 'Jeanne Baret', rank: 'Botanist', left: false },
]

const columns: Column<Sailor>[] = [
  { key: 'name', title: 'Name', sorts: true, cell: (s) => s.name },
  { key: 'rank', title: 'Rank', sorts: true, cell: (s) => <span className="text-muted">{s.rank}</span> },
  { key: 'state', title: 'State', card: 'corner', cell: (s) => (s.left ? <Badge tone="warn">Ashore</Badge> : <Badge>Aboard</Badge>) },
]

const rest: ListControl = { q: '', filters: {}, sort: 'name', down: false, narrowed: false, setQuery: nothing, setFilter: nothing, sortBy: nothing, clear: nothing }
const filters = [{ name: 'rank', label: 'Rank', options: crew.map((s) => ({ value: s.rank, label: s.rank })) }]

// The table is as wide as its box, as on a page.
function Box({ children }: { children: ReactNode }) {
  return <div className="@container">{children}</div>
}

const Crew = (props: Partial<ComponentProps<typeof DataTable<Sailor>>> & { label: string }) => (
  <Box>
    <DataTable columns={columns} rows={crew} id={(s) => s.id} list={rest} {...props} />
  </Box>
)

function Tables() {
  return (
    <>
      <Case name="a list, its second row open" wide>
        <Crew label="Crew" page="users" chosen="b" />
      </Case>
      <Case name="a row under the pointer, one with the focus" wide>
        <State at="tbody tr:nth-child(1)" look="hover">
          <State at="tbody tr:nth-child(3) a" look="focus">
            <Crew label="Crew, looked at" page="users" list={{ ...rest, down: true }} />
          </State>
        </State>
      </Case>
      <Case name="with actions" wide>
        <Crew label="Crew, with actions" actions={() => <Button size="sm">Send ashore</Button>} />
      </Case>
      <Case name="loading" wide>
        <Crew label="Crew, loading" rows={undefined} />
      </Case>
      <Case name="narrow">
        <Crew label="Crew, narrow" page="users" chosen="c" />
      </Case>
      <Case name="narrow, loading">
        <Crew label="Crew, narrow, loading" rows={undefined} />
      </Case>
    </>
  )
}

function Bars() {
  const [q, setQuery] = useState('')
  const [chosen, setChosen] = useState('')
  return (
    <>
      <Case name="at rest" wide>
        <Box>
          <Toolbar search="Search the crew" list={{ ...rest, q, setQuery, filters: { rank: chosen }, setFilter: (_, v) => setChosen(v) }} filters={filters} count="3 sailors" />
        </Box>
      </Case>
      <Case name="narrowed" wide>
        <Box>
          <Toolbar search="Search the crew once more" list={{ ...rest, q: 'grace', filters: { rank: 'Cook' }, narrowed: true }} filters={filters} count="None of 3" />
        </Box>
      </Case>
      <Case name="narrow, with an order">
        <Box>
          <Toolbar search="Search the crew on a phone" list={rest} filters={filters} sorts={columns} count="3 sailors" />
        </Box>
      </Case>
    </>
  )
}

const query = { isError: false, error: null, refetch: () => Promise.reject(new Error('not here')) }
const body = { query, list: rest, empty: <Empty icon={UsersRound} title="Nobody is aboard" text="Invite somebody, and the crew is listed here." action={<Button size="sm">Invite</Button>} />, children: <p>The rows.</p> }

export const lists: Section[] = [
  { of: { Toolbar }, Cases: Bars },
  {
    of: { ChoiceChip },
    Cases: () => (
      <>
        <Case name="nothing chosen">
          <State at="button" opens="menu">
            <ChoiceChip label="Rank" value="" options={[{ value: '', label: 'Any' }, ...(filters[0]?.options ?? [])]} onChange={nothing} />
          </State>
        </Case>
        <Case name="chosen">
          <ChoiceChip label="Rank" value="Cook" options={filters[0]?.options ?? []} onChange={nothing} active />
        </Case>
      </>
    ),
  },
  { of: { DataTable }, Cases: Tables },
  {
    of: { ListBody, Empty },
    Cases: () => (
      <>
        <Case name="nothing there">
          <ListBody {...body} count={0} />
        </Case>
        <Case name="nothing matches">
          <ListBody {...body} list={{ ...rest, narrowed: true }} count={0} />
        </Case>
        <Case name="could not be loaded">
          <ListBody {...body} query={{ ...query, isError: true, error: new ApiError(503, 'unavailable', 'the database is locked') }} count={undefined} />
        </Case>
        <Case name="more to come">
          <ListBody {...body} count={50} more={{ has: true, busy: false, load: nothing }} />
        </Case>
        <Case name="more on its way">
          <ListBody {...body} count={50} more={{ has: true, busy: true, load: nothing }} />
        </Case>
      </>
    ),
  },
  {
    of: { Badge },
    Cases: () => (
      <Case name="every tone">
        <div className="flex flex-wrap gap-2">
          {(['plain', 'good', 'warn', 'danger'] satisfies Tone[]).map((tone) => (
            <Badge key={tone} tone={tone}>
              {tone}
            </Badge>
          ))}
        </div>
      </Case>
    ),
  },
  {
    of: { PageLink, NewLink },
    Cases: () => (
      <>
        <Case name="to what is new">
          <div className="flex flex-wrap gap-2">
            <NewLink page="users">New user</NewLink>
            <NewLink page="users" look="secondary">
              Invite
            </NewLink>
          </div>
        </Case>
        <Case name="to a page, long text">
          <PageLink page="users" className="text-accent underline underline-offset-4">
            {long}
          </PageLink>
        </Case>
      </>
    ),
  },
]
